package import Archive
import Compression
package import Disk
package import Events

/// Reads an open segment and says how much of it can be kept.
///
/// Changes nothing.
///
/// What the fields promise: everything acknowledged lies before a flush point with its check, since
/// an acknowledgement follows a flush, its write and its fdatasync. What stands before a check that
/// is right is what was written, byte for byte. A file that just ends, or goes on as zeros, where the
/// next check should be was torn before it was acknowledged. Anything else behind the last right
/// check, a flush marker or a whole check that is wrong, means that something acknowledged may be in
/// it.
package struct OpenSegmentScan: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// The member is whole, and this long; the crash came before the rename.
        case finished(bytes: Int)
        /// To be cut at `keep`; what follows was never acknowledged.
        case torn
        /// Nothing was ever committed: no check, nothing that may have been one, or no event before
        /// it.
        case empty
        /// Committed bytes cannot be read, or lines in them are none.
        case damaged
    }

    package var verdict = Verdict.empty
    /// The last flush point with its check that ends a line and has only good lines before it.
    package var keep: SegmentReader.FlushPoint?
    /// The events before `keep`, or in the whole file when it is finished.
    package var tally = SegmentTally()
    package var events: Int { tally.events }
    package var fileBytes = 0
    /// Why reading stopped.
    package var reason = ""

    private var badLine: Int?
    private var hasFlushBehindBadLine = false
    /// Bytes of the file before the last check that is right.
    private var checkedBytes = 0
    /// The last flush point of any kind.
    private var lastPoint: SegmentReader.FlushPoint?
    /// Offsets of whole checks that are wrong: the first of all, and one behind `keep`.
    private var firstWrongCheck: Int?
    private var openWrongCheck: Int?
    /// All good lines so far, and the number of lines.
    private var read = SegmentTally()
    private var lines = 0
    private var whole = Content(crc32: 0, rawBytes: 0)

    /// What can be compared of two files' raw bytes.
    package struct Content: Sendable, Equatable {
        package var crc32: UInt32
        package var rawBytes: UInt64
    }

    /// The raw bytes that are kept; nil when there is nothing to keep.
    package var kept: Content? {
        if case .finished = verdict { return whole }
        guard events > 0, let keep else { return nil }
        return Content(crc32: keep.crc32, rawBytes: keep.rawBytes)
    }

    /// Scans a file; it must not grow meanwhile.
    ///
    /// - `onEvent`: is shown every good line before the first bad one, kept or not.
    /// - `onKeep`: told when ``keep`` moves behind all lines shown so far.
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
        let end = try scan.consume(&reader, onEvent, onKeep)
        scan.whole = Content(crc32: reader.crc32, rawBytes: reader.rawBytes)
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        scan.fileBytes = try fileSystem.size(file)
        try scan.judge(end, reader.unterminatedBytes, reader.compressedBytes, file, fileSystem)
        return scan
    }

    private mutating func consume(
        _ reader: inout SegmentReader,
        _ onEvent: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void,
        _ onKeep: () -> Void
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
            // A later check that is right clears this one: it covers the same bytes.
            openWrongCheck = openWrongCheck ?? point.compressedOffset
            firstWrongCheck = firstWrongCheck ?? point.compressedOffset
        }
    }

    private mutating func judge(
        _ end: SegmentReader.End,
        _ unterminated: Int,
        _ consumed: Int,
        _ file: FileHandle,
        _ fileSystem: any FileSystem
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
            let isMore = try isMoreThanTail(end, file, fileSystem)
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

    /// Whether what follows the last flush point that could be read may be more than the
    /// unacknowledged tail.
    ///
    /// A flipped bit can hide the following markers from inflate, so they are searched for by
    /// themselves.
    private func isMoreThanTail(
        _ end: SegmentReader.End,
        _ file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        if try hasWholeCheck(file, fileSystem) { return true }
        if let lastPoint, lastPoint.emptyBlocks < FlushCheck.blocks, !lastPoint.isChecked,
            end != .cut
        {
            return try !isTornCheck(lastPoint, file, fileSystem)
        }
        let start = lastPoint?.compressedOffset ?? 0
        if try FlushMarker.end(from: start, in: file, fileSystem) != nil { return true }
        guard case .damaged(let cause) = end else { return false }
        if cause == "incorrect header check" || cause == "unknown compression method" {
            // Space that was given to the file but never written reads as zeros; anything else at
            // the start of a file may once have been a commit.
            let head = try fileSystem.bytes(of: file, at: 0, count: GzipFraming.headerStart.count)
            let same = zip(head, GzipFraming.headerStart).prefix { $0 == $1 }.count
            return try !isAllZero(file, fileSystem, from: same)
        }
        if cause.hasSuffix("check") {
            // A whole member with a wrong CRC or length. A trailer that was torn reads as zeros.
            let last = try fileSystem.bytes(of: file, at: max(0, fileBytes - 4), count: 4)
            return last != [0, 0, 0, 0]
        }
        return false
    }

    /// Whether a flush with its whole check stands anywhere behind the last check that is right: what
    /// it covers may have been acknowledged.
    ///
    /// A flipped bit can make inflate take flushes and their checks for text, and go on in the middle
    /// of a later check, which then looks like one that the end of the file has cut short.
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

    /// Whether the rest of the file is the begin of the check that should follow a flush, and then
    /// zeros: one that was never written whole.
    private func isTornCheck(
        _ point: SegmentReader.FlushPoint,
        _ file: FileHandle,
        _ fileSystem: any FileSystem
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
    /// What stands before the last flush point with its check of an open segment, which may be
    /// growing.
    ///
    /// `onLine`: is shown every good line that can be read, committed or not.
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
