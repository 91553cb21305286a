import Compression
package import Events

/// Reads an open segment and says how much of it can be kept.
///
/// Changes nothing.
///
/// What the fields promise: everything acknowledged lies before a flush point, since an
/// acknowledgement follows a flush, its write and its fdatasync. So bytes behind the last flush
/// marker were never acknowledged; a flush marker behind bytes that cannot be read means that
/// something may have been.
package struct OpenSegmentScan: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// The member is whole, and this long; the crash came before the rename.
        case finished(bytes: Int)
        /// To be cut at `keep`; what follows was never acknowledged.
        case torn
        /// Nothing was ever committed: no flush point, no marker of one, or no event before it.
        case empty
        /// Committed bytes cannot be read, or lines in them are none.
        case damaged
    }

    package var verdict = Verdict.empty
    /// The last flush point that ends a line and has only good lines before it.
    package var keep: SegmentReader.FlushPoint?
    /// Events before `keep`, or in the whole file when it is finished.
    package var events = 0
    package var fileBytes = 0
    /// Why reading stopped.
    package var reason = ""

    private var badLine: Int?
    private var hasFlushBehindBadLine = false
    private var lastPointOffset = 0

    /// Scans a file; it must not grow meanwhile.
    package static func scan(
        _ path: String,
        in fileSystem: any FileSystem,
        lineBytesMax: Int = SegmentReader.lineBytesMaxDefault
    ) throws(FileSystemError) -> OpenSegmentScan {
        var scan = OpenSegmentScan()
        var reader = try SegmentReader(
            path,
            in: fileSystem,
            findsFlushPoints: true,
            lineBytesMax: lineBytesMax
        )
        let end = try scan.consume(&reader)
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        scan.fileBytes = try fileSystem.size(file)
        try scan.judge(end, reader.unterminatedBytes, reader.compressedBytes, file, fileSystem)
        return scan
    }

    private mutating func consume(
        _ reader: inout SegmentReader
    ) throws(FileSystemError) -> SegmentReader.End {
        var lineReader = WrittenLineReader()
        var line = WrittenLine()
        var lines = 0
        while true {
            switch try reader.next() {
            case .line(let bytes):
                lines += 1
                if badLine == nil, !lineReader.read(bytes, into: &line) { badLine = lines }
            case .flushPoint(let point):
                lastPointOffset = point.compressedOffset
                if badLine != nil {
                    hasFlushBehindBadLine = true
                } else if point.isLineEnd {
                    keep = point
                    events = lines
                }
            case .end(let end):
                if end == .complete, badLine == nil { events = lines }
                return end
            }
        }
    }

    private mutating func judge(
        _ end: SegmentReader.End,
        _ unterminated: Int,
        _ consumed: Int,
        _ file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) {
        if let badLine {
            reason = "line \(badLine) is no event with Touchpoint's metadata"
        }
        switch end {
        case .complete:
            if badLine != nil {
                verdict = .damaged
            } else if unterminated > 0 {
                reason = "the last line has no line feed"
                verdict = .damaged
            } else {
                reason = "whole, but not yet renamed"
                verdict = events == 0 ? .empty : .finished(bytes: consumed)
            }
        case .cut:
            if badLine == nil { reason = "the file ends there" }
            let isMore = try isMoreThanTail(nil, file, fileSystem)
            settle(isDamaged: hasFlushBehindBadLine || isMore)
        case .lineTooLong:
            reason = "a line is too long"
            settle(isDamaged: true)
        case .damaged(let cause):
            if badLine == nil { reason = "gzip: \(cause), at byte \(consumed)" }
            let isMore = try isMoreThanTail(cause, file, fileSystem)
            settle(isDamaged: hasFlushBehindBadLine || isMore)
        }
    }

    private mutating func settle(isDamaged: Bool) {
        verdict = isDamaged ? .damaged : (events == 0 ? .empty : .torn)
    }

    /// Whether what follows the last flush point that could be read may be more than the
    /// unacknowledged tail.
    ///
    /// A flipped bit can hide the following markers from inflate, so they are searched for by
    /// themselves.
    ///
    /// `cause`: inflate's complaint; nil when it had none and the file just ends.
    private func isMoreThanTail(
        _ cause: String?,
        _ file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        if try isOwnEnding(file, fileSystem) { return false }
        if let cause, cause.hasSuffix("check"), cause != "incorrect header check" {
            // A whole member with a wrong CRC or length. A trailer that was torn reads as zeros.
            let last = try fileSystem.bytes(of: file, at: max(0, fileBytes - 4), count: 4)
            return last != [0, 0, 0, 0]
        }
        if cause != nil, keep == nil {
            // Space that was given to the file but never written reads as zeros; anything else at
            // the start of a file may once have been a commit.
            return try !isAllZero(file, fileSystem)
        }
        return try hasMarker(from: lastPointOffset, file, fileSystem)
    }

    /// Whether the tail is what an earlier recovery wrote there before it crashed, in part.
    private func isOwnEnding(
        _ file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        guard let keep else { return false }
        let start = keep.compressedOffset
        guard fileBytes - start <= GzipFraming.endingBytes else { return false }
        let ending = GzipFraming.ending(crc32: keep.crc32, rawBytes: keep.rawBytes)
        let tail = try fileSystem.bytes(of: file, at: start, count: fileBytes - start)
        let same = zip(tail, ending).prefix { $0 == $1 }.count
        return tail.dropFirst(same).allSatisfy { $0 == 0 }
    }

    private func isAllZero(
        _ file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        var offset = 0
        while offset < fileBytes {
            let chunk = try fileSystem.bytes(of: file, at: offset, count: 64 << 10)
            if chunk.isEmpty { break }
            if chunk.contains(where: { $0 != 0 }) { return false }
            offset += chunk.count
        }
        return true
    }

    /// Whether a flush marker stands anywhere from `start` on.
    private func hasMarker(
        from start: Int,
        _ file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        var offset = start
        var window: UInt32 = 0x0101_0101
        while true {
            let chunk = try fileSystem.bytes(of: file, at: offset, count: 64 << 10)
            if chunk.isEmpty { return false }
            for byte in chunk {
                window = window << 8 | UInt32(byte)
                if window == 0x0000_ffff { return true }
            }
            offset += chunk.count
        }
    }
}

extension OpenSegmentScan {
    /// What stands before the last flush point of an open segment, which may be growing.
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
            case .flushPoint:
                counted = tally
            case .end(let end):
                return end == .complete ? tally : counted
            }
        }
    }
}
