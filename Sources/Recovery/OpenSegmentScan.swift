package import Archive
import Compression
package import Disk
package import Events

/// Reads an open segment and determines how much of it can be kept.
///
/// It changes nothing.
///
/// Guarantees: everything acknowledged is before a flush point with its check, because an
/// acknowledgement follows a flush, its write and its fdatasync. The data before a valid check is
/// as written, byte for byte. A file that ends, or continues as zeros, where the next check should
/// be was torn before it was acknowledged. Anything else after the last valid check, a flush marker
/// or a complete wrong check, means that acknowledged data may be in it.
package struct OpenSegmentScan: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// The member is whole, and has this length; the crash preceded the rename.
        case finished(bytes: Int)
        /// To be cut at `keep`; the rest was never acknowledged.
        case torn
        /// Nothing was ever committed: no check, nothing that may have been one, or no event before
        /// it.
        case empty
        /// Committed bytes cannot be read, or have invalid lines.
        case damaged
    }

    package var verdict = Verdict.empty
    /// The last flush point with its check that ends a line and has only valid lines before it.
    package var keep: SegmentReader.FlushPoint?
    /// The events before `keep`, or in the whole file when it is finished.
    package var tally = SegmentTally()
    package var events: Int { tally.events }
    package var fileBytes = 0
    /// Why reading stopped.
    package var reason = ""

    private var badLine: Int?
    private var hasFlushBehindBadLine = false
    /// Bytes of the file before the last valid check.
    private var checkedBytes = 0
    /// The last flush point of any kind.
    private var lastPoint: SegmentReader.FlushPoint?
    /// Offsets of complete wrong checks: the first of all, and one after `keep`.
    private var firstWrongCheck: Int?
    private var openWrongCheck: Int?
    /// All valid lines so far, and the number of lines.
    private var read = SegmentTally()
    private var lines = 0
    private var whole = Content(crc32: 0, rawBytes: 0)

    /// The properties by which two files' raw bytes are compared.
    package struct Content: Sendable, Equatable {
        package var crc32: UInt32
        package var rawBytes: UInt64
    }

    /// The raw bytes that are kept; nil if there are none.
    package var kept: Content? {
        if case .finished = verdict { return whole }
        guard events > 0, let keep else { return nil }
        return Content(crc32: keep.crc32, rawBytes: keep.rawBytes)
    }

    /// Scans a file; it must not grow meanwhile.
    ///
    /// - `onEvent`: receives every valid line before the first invalid one, kept or not.
    /// - `onKeep`: called when ``keep`` has moved past all lines visited so far.
    package static func scan(
        _ path: String,
        in fileSystem: any FileSystem,
        lineBytesMax: Int = SegmentReader.lineBytesMaxDefault,
        onEvent: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void = { _, _ in },
        onKeep: () -> Void = {}
    ) throws(FileSystemError) -> OpenSegmentScan {
        var scan = OpenSegmentScan()
        var reader = try SegmentReader(
            path,
            in: fileSystem,
            findsFlushPoints: true,
            lineBytesMax: lineBytesMax
        )
        let end = try scan.consume(&reader, onEvent: onEvent, onKeep: onKeep)
        scan.whole = Content(crc32: reader.crc32, rawBytes: reader.rawBytes)
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        scan.fileBytes = try fileSystem.size(file)
        try scan.judge(
            end,
            unterminated: reader.unterminatedBytes,
            consumed: reader.compressedBytes,
            file: file,
            in: fileSystem
        )
        return scan
    }

    private mutating func consume(
        _ reader: inout SegmentReader,
        onEvent: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void,
        onKeep: () -> Void
    ) throws(FileSystemError) -> SegmentReader.End {
        var lineReader = WrittenLineReader()
        var line = WrittenLine()
        while true {
            switch try reader.next() {
            case .line(let bytes):
                lines += 1
                guard badLine == nil else { continue }
                guard lineReader.read(bytes, into: &line) else {
                    badLine = lines
                    continue
                }
                read.add(line)
                onEvent(line, bytes)
            case .flushPoint(let point):
                note(point)
                if keep == point { onKeep() }
            case .end(let end):
                return end
            }
        }
    }

    private mutating func note(_ point: SegmentReader.FlushPoint) {
        lastPoint = point
        if point.isChecked {
            openWrongCheck = nil
            checkedBytes = point.compressedOffset
            if badLine != nil {
                hasFlushBehindBadLine = true
            } else if point.isLineEnd {
                keep = point
                tally = read
            }
        } else if point.emptyBlocks >= FlushCheck.blocks, keep?.rawBytes != point.rawBytes {
            // A later valid check clears this one: it covers the same bytes.
            openWrongCheck = openWrongCheck ?? point.compressedOffset
            firstWrongCheck = firstWrongCheck ?? point.compressedOffset
        }
    }

    private mutating func judge(
        _ end: SegmentReader.End,
        unterminated: Int,
        consumed: Int,
        file: FileHandle,
        in fileSystem: any FileSystem
    ) throws(FileSystemError) {
        explain(end, consumed)
        switch end {
        case .complete:
            if badLine != nil {
                verdict = .damaged
            } else if unterminated > 0 {
                reason = "the last line has no line feed"
                verdict = .damaged
            } else {
                tally = read
                verdict = events == 0 ? .empty : .finished(bytes: consumed)
            }
        case .lineTooLong:
            verdict = .damaged
        case .cut, .damaged:
            let isMore = try isMoreThanTail(after: end, of: file, in: fileSystem)
            let isDamaged = openWrongCheck != nil || hasFlushBehindBadLine || isMore
            verdict = isDamaged ? .damaged : (events == 0 ? .empty : .torn)
        }
    }

    private mutating func explain(_ end: SegmentReader.End, _ consumed: Int) {
        switch end {
        case .complete: reason = "whole, but not yet renamed"
        case .cut: reason = "the file ends there"
        case .lineTooLong: reason = "a line is too long"
        case .damaged(let cause): reason = "gzip: \(cause), at byte \(consumed)"
        }
        if let badLine {
            reason = "line \(badLine) is no event with Touchpoint's metadata"
        } else if let wrong = openWrongCheck {
            reason = "the check at byte \(wrong) does not fit what stands before it"
        } else if let wrong = firstWrongCheck {
            reason += "; the check at byte \(wrong) is damaged, what it covers is not"
        }
    }

    /// Whether the data after the last readable flush point may be more than the unacknowledged
    /// tail.
    ///
    /// A flipped bit can hide the later markers from inflate, so they are searched for separately.
    private func isMoreThanTail(
        after end: SegmentReader.End,
        of file: FileHandle,
        in fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        if try hasWholeCheck(file, fileSystem) { return true }
        if let lastPoint, lastPoint.emptyBlocks < FlushCheck.blocks, !lastPoint.isChecked,
            end != .cut
        {
            return try !isTornCheck(after: lastPoint, of: file, in: fileSystem)
        }
        let start = lastPoint?.compressedOffset ?? 0
        if try FlushMarker.end(from: start, in: file, fileSystem) != nil { return true }
        guard case .damaged(let cause) = end else { return false }
        if cause == "incorrect header check" || cause == "unknown compression method" {
            // Allocated space that was never written reads as zeros; anything else at the start of
            // a file may once have been a commit.
            let head = try fileSystem.bytes(of: file, at: 0, count: GzipFraming.headerStart.count)
            let same = zip(head, GzipFraming.headerStart).prefix { $0 == $1 }.count
            return try !isAllZero(file, fileSystem, from: same)
        }
        if cause.hasSuffix("check") {
            // A whole member with a wrong CRC or length. A torn trailer reads as zeros.
            let last = try fileSystem.bytes(of: file, at: max(0, fileBytes - 4), count: 4)
            return last != [0, 0, 0, 0]
        }
        return false
    }

    /// Whether a flush with its complete check exists anywhere after the last valid check: the data
    /// it covers may have been acknowledged.
    ///
    /// A flipped bit can make inflate read flushes and their checks as text, and continue in the
    /// middle of a later check, which then looks like one that the end of the file cut short.
    private func hasWholeCheck(
        _ file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        var offset = checkedBytes
        while true {
            let chunk = try fileSystem.bytes(of: file, at: offset, count: 64 << 10)
            let last = chunk.count - FlushCheck.bytesWithMarker
            guard last >= 0 else { return false }
            let isThere = chunk.withUnsafeBytes { bytes in
                (0...last).contains {
                    FlushCheck.isLikely(UnsafeRawBufferPointer(rebasing: bytes[$0...]))
                }
            }
            if isThere { return true }
            offset += last + 1
        }
    }

    /// Whether the rest of the file is the beginning of the check after a flush, and then zeros: a
    /// check that was never written completely.
    private func isTornCheck(
        after point: SegmentReader.FlushPoint,
        of file: FileHandle,
        in fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        let start = point.compressedOffset
        let given = point.emptyBlocks * FlushCheck.blockBytes
        let tail = try fileSystem.bytes(of: file, at: start, count: FlushCheck.bytes)
        let same = (0..<min(tail.count, FlushCheck.bytes - given))
            .prefix { tail[$0] == FlushCheck.byte(given + $0, of: point.crc32) }.count
        return try isAllZero(file, fileSystem, from: start + same)
    }

    private func isAllZero(
        _ file: FileHandle,
        _ fileSystem: any FileSystem,
        from start: Int = 0
    ) throws(FileSystemError) -> Bool {
        var offset = start
        while offset < fileBytes {
            let chunk = try fileSystem.bytes(of: file, at: offset, count: 64 << 10)
            if chunk.isEmpty { break }
            if chunk.contains(where: { $0 != 0 }) { return false }
            offset += chunk.count
        }
        return true
    }
}

extension OpenSegmentScan {
    /// Returns the data before the last flush point with its check of an open segment, which may be
    /// growing.
    ///
    /// `onLine`: receives every valid line that can be read, committed or not.
    package static func committed(
        _ path: String,
        in fileSystem: any FileSystem,
        onLine: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void
    ) throws(FileSystemError) -> SegmentTally {
        var counted = SegmentTally()
        var tally = SegmentTally()
        var reader = try SegmentReader(path, in: fileSystem, findsFlushPoints: true)
        var lineReader = WrittenLineReader()
        var line = WrittenLine()
        while true {
            switch try reader.next() {
            case .line(let bytes):
                guard lineReader.read(bytes, into: &line) else { continue }
                tally.add(line)
                onLine(line, bytes)
            case .flushPoint(let point):
                if point.isChecked { counted = tally }
            case .end(let end):
                return end == .complete ? tally : counted
            }
        }
    }
}
