import Archive
import Disk
import Events

/// A position in a file, on a line that a filter admits, with a copy of the line.
///
/// Of an open segment it returns the committed lines. One thread.
final class SegmentCursor {
    let path: String
    private let filter: SegmentCat.Filter
    private let admitted: RunIndex.Run?
    private var reader: SegmentReader
    private var lineReader = WrittenLineReader()
    private var line: [UInt8] = []
    private(set) var sequence: UInt64 = 0
    /// Why the file could not be read to its end; nil for an open segment that only ends.
    private(set) var damage: String?
    /// Raw bytes before the last flush point of an open segment.
    private let committed: UInt64?
    private var rawBytes: UInt64 = 0
    private var badLines = 0
    private var firstBadLine = 0
    private var lines = 0
    /// Whether it is a temporary file with lines of others, not a source file.
    let isScratch: Bool

    /// - `run`: return lines of this source and run only.
    init(
        _ path: String,
        in fileSystem: any FileSystem,
        filter: SegmentCat.Filter,
        run: RunIndex.Run? = nil,
        isScratch: Bool = false
    ) throws(FileSystemError) {
        self.path = path
        self.filter = filter
        self.isScratch = isScratch
        admitted = run
        let isOpen = Layout.isOpen(name: DiskPath.split(path).name)
        committed =
            isOpen ? try SegmentReader.committedBytes(of: path, in: fileSystem) ?? 0 : nil
        reader = try SegmentReader(path, in: fileSystem)
    }

    /// Advances to the next line; returns false at the end.
    func advance() throws(FileSystemError) -> Bool {
        var written = WrittenLine()
        while true {
            if let committed, rawBytes >= committed { return false }
            switch try reader.next() {
            case .line(let bytes):
                rawBytes += UInt64(bytes.count + 1)
                lines += 1
                guard lineReader.read(bytes, into: &written) else {
                    if badLines == 0 { firstBadLine = lines }
                    badLines += 1
                    continue
                }
                guard filter.admits(written, in: path), isOfRun(written) else { continue }
                line.removeAll(keepingCapacity: true)
                line += bytes
                sequence = written.sequence
                return true
            case .flushPoint:
                continue
            case .end(let end):
                damage = describe(end)
                return false
            }
        }
    }

    private func isOfRun(_ line: borrowing WrittenLine) -> Bool {
        guard let admitted else { return true }
        guard admitted.source.utf8.elementsEqual(line.source) else { return false }
        return admitted.run.utf8.elementsEqual(line.run)
    }

    func withLine<Value>(
        _ body: (UnsafeRawBufferPointer) throws(FileSystemError) -> Value
    ) throws(FileSystemError) -> Value {
        let result = line.withUnsafeBytes { bytes in
            Result { () throws(FileSystemError) in try body(bytes) }
        }
        return try result.get()
    }

    private func describe(_ end: SegmentReader.End) -> String? {
        switch end {
        case .complete where badLines == 0, .cut where committed != nil: nil
        case .complete:
            "\(badLines) lines are no events with Touchpoint's metadata, first line \(firstBadLine)"
        case .cut: "it ends in the middle, at byte \(reader.compressedBytes), behind line \(lines)"
        case .damaged(let reason):
            "\(reason), at byte \(reader.compressedBytes), behind line \(lines)"
        case .lineTooLong: "line \(lines + 1) is too long"
        }
    }
}
