import Events

/// Stands on one line of a file that a filter admits, and keeps a copy of it.
///
/// One thread.
final class SegmentCursor {
    let path: String
    private let filter: SegmentCat.Filter
    private var reader: SegmentReader
    private var lineReader = WrittenLineReader()
    private var line: [UInt8] = []
    private(set) var sequence: UInt64 = 0
    private(set) var receivedAt: Int64 = 0
    private(set) var run: [UInt8] = []
    /// Why the file could not be read to its end; an open segment just ends.
    private(set) var damage: String?
    private var badLines = 0

    init(
        _ path: String,
        _ fileSystem: any FileSystem,
        _ filter: SegmentCat.Filter
    ) throws(FileSystemError) {
        self.path = path
        self.filter = filter
        reader = try SegmentReader(path, in: fileSystem)
    }

    /// Goes to the next line; false at the end.
    func advance() throws(FileSystemError) -> Bool {
        var written = WrittenLine()
        while true {
            switch try reader.next() {
            case .line(let bytes):
                guard lineReader.read(bytes, into: &written) else {
                    badLines += 1
                    continue
                }
                guard filter.admits(written) else { continue }
                line = Array(bytes)
                (sequence, receivedAt) = (written.sequence, written.receivedAt)
                if !run.elementsEqual(written.run) { run = Array(written.run) }
                return true
            case .flushPoint:
                continue
            case .end(let end):
                damage = describe(end)
                return false
            }
        }
    }

    func withLine(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        line.withUnsafeBytes(body)
    }

    private func describe(_ end: SegmentReader.End) -> String? {
        let lines =
            badLines > 0 ? "\(badLines) lines are no events with Touchpoint's metadata" : nil
        if end == .cut, Layout.isOpen(name: Layout.split(path).name) { return lines }
        return switch end {
        case .complete: lines
        case .cut: "it ends in the middle, at byte \(reader.compressedBytes)"
        case .damaged(let reason): "\(reason), at byte \(reader.compressedBytes)"
        case .lineTooLong: "a line is too long"
        }
    }
}
