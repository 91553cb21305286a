import Digest
package import Disk
package import Events
import Platform

/// The results of reading a file once.
package struct SegmentSurvey: Sendable {
    package var tally = SegmentTally()
    package var rawBytes: UInt64 = 0
    package var fileBytes = 0
    package var crc32: UInt32 = 0
    /// 64 hexadecimal digits, of the whole file.
    package var sha256 = ""
    /// Why the file is invalid; nil for a whole one with whole lines.
    package var damage: String?
    /// The number, from 1, of the first invalid line, if there is one.
    package var firstBadLine: Int?
    /// The position in the file where inflating ended, unless that was the end of a whole member.
    package var damageOffset: Int?
    /// Whether the gzip member is whole, and its check values are right.
    package var isWholeMember = false
    /// The checkpoints that a writer would have put into the manifest line.
    package var checkpoints: [ManifestEntry.Checkpoint] = []

    package init() {}

    /// Reads a finished file to its end.
    ///
    /// - `onLine`: receives every valid line, with its bytes and its number from 1.
    /// - `onBytes`: occasionally receives the number of bytes read.
    package static func read(
        _ path: String,
        in fileSystem: any FileSystem,
        onLine: (borrowing WrittenLine, UnsafeRawBufferPointer, Int) -> Void = { _, _, _ in },
        onBytes: (Int) -> Void = { _ in }
    ) throws(FileSystemError) -> SegmentSurvey {
        var survey = SegmentSurvey()
        var reader = try SegmentReader(path, in: fileSystem, findsFlushPoints: true, hashes: true)
        let lines = WrittenLineReader()
        try survey.consume(&reader, lines, onLine: onLine, onBytes: onBytes)
        survey.rawBytes = reader.rawBytes
        survey.crc32 = reader.crc32
        let memberBytes = reader.compressedBytes
        survey.sha256 = try reader.finishHash()
        survey.fileBytes = reader.fileBytes
        if survey.damage == nil, survey.fileBytes > memberBytes {
            survey.damage =
                "\(survey.fileBytes - memberBytes) bytes after the end of the gzip member"
            survey.damageOffset = memberBytes
        }
        return survey
    }

    private mutating func consume(
        _ reader: inout SegmentReader,
        _ lineReader: consuming WrittenLineReader,
        onLine: (borrowing WrittenLine, UnsafeRawBufferPointer, Int) -> Void,
        onBytes: (Int) -> Void
    ) throws(FileSystemError) {
        var line = WrittenLine()
        var count = 0
        var reported = 0
        while true {
            switch try reader.next() {
            case .line(let bytes):
                count += 1
                if lineReader.read(bytes, into: &line) {
                    tally.add(line)
                    onLine(line, bytes, count)
                } else if firstBadLine == nil {
                    firstBadLine = count
                }
                if reader.fileBytes != reported {
                    reported = reader.fileBytes
                    onBytes(reported)
                }
            case .flushPoint(let point):
                note(point)
            case .end(let end):
                isWholeMember = end == .complete
                damageOffset = isWholeMember ? nil : reader.compressedBytes
                damage = Self.text(of: end, at: reader.compressedBytes)
                if damage == nil, reader.unterminatedBytes > 0 {
                    damage = "the last line has no line feed"
                }
                if damage == nil, let firstBadLine {
                    damage = "line \(firstBadLine) is no event with Touchpoint's metadata"
                }
                return
            }
        }
    }

    /// A writer's first flush a mebibyte after its last full one is the next full one.
    private mutating func note(_ point: SegmentReader.FlushPoint) {
        let last = checkpoints.last?.rawBytes ?? 0
        if !checkpoints.isEmpty, point.rawBytes == UInt64(last) {
            // An empty block of the check after the flush belongs to the flush.
            checkpoints[checkpoints.count - 1].bytes = point.compressedOffset
            return
        }
        guard Int(clamping: point.rawBytes) - last >= SegmentFormat.fullFlushBytes else { return }
        checkpoints.append(
            ManifestEntry.Checkpoint(
                bytes: point.compressedOffset,
                crc32: Self.hex(point.crc32),
                rawBytes: Int(clamping: point.rawBytes)
            )
        )
    }

    private static func text(of end: SegmentReader.End, at offset: Int) -> String? {
        switch end {
        case .complete: nil
        case .cut: "the file ends in the middle of the gzip member, at byte \(offset)"
        case .damaged(let reason): "gzip: \(reason), at byte \(offset)"
        case .lineTooLong: "a line is longer than \(SegmentReader.lineBytesMaxDefault) bytes"
        }
    }

    /// Builds the manifest entry of a whole file that has none.
    ///
    /// - `run`: for a file without events; otherwise the lines name it.
    /// - `sealedAt`: microseconds since 1970.
    package func entry(path: String, node: String, run: String, sealedAt: Int64) -> ManifestEntry {
        ManifestEntry(
            path: path,
            node: tally.node ?? node,
            run: tally.sequences.last?.run ?? run,
            reason: .recovered,
            events: tally.events,
            rawBytes: Int(clamping: rawBytes),
            compressedBytes: fileBytes,
            crc32: Self.hex(crc32),
            sha256: sha256,
            firstReceivedAt: (tally.receivedAt?.lowerBound).map(Timestamp.text),
            lastReceivedAt: (tally.receivedAt?.upperBound).map(Timestamp.text),
            firstEventTime: (tally.eventTime?.lowerBound).map(Timestamp.text),
            lastEventTime: (tally.eventTime?.upperBound).map(Timestamp.text),
            sequences: tally.sequences,
            sealedAt: Timestamp.text(sealedAt),
            checkpoints: checkpoints
        )
    }

    /// Formats 8 hexadecimal digits.
    package static func hex(_ value: UInt32) -> String {
        Hex.text(value)
    }
}
