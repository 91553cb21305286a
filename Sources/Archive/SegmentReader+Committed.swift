package import Disk
package import Events

extension SegmentReader {
    /// The raw bytes before the last flush point of an open segment, which may be growing; nil if
    /// there is none yet.
    ///
    /// Reads the whole file. A finished file counts to its end.
    package static func committedBytes(
        of path: String,
        in fileSystem: any FileSystem
    ) throws(FileSystemError) -> UInt64? {
        var reader = try SegmentReader(path, in: fileSystem, findsFlushPoints: true)
        var committed: UInt64?
        while true {
            switch try reader.next() {
            case .line: continue
            case .flushPoint(let point):
                if point.isLineEnd { committed = point.rawBytes }
            case .end(.complete): return reader.rawBytes
            case .end: return committed
            }
        }
    }

    /// Visits every valid line before the last flush point of an open, maybe growing, segment.
    ///
    /// Reads the file twice, so that it holds no more than a line.
    package static func eachCommitted(
        of path: String,
        in fileSystem: any FileSystem,
        _ visit: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void
    ) throws(FileSystemError) {
        guard let committed = try committedBytes(of: path, in: fileSystem) else { return }
        var reader = try SegmentReader(path, in: fileSystem)
        var lineReader = WrittenLineReader()
        var line = WrittenLine()
        var rawBytes: UInt64 = 0
        while rawBytes < committed {
            switch try reader.next() {
            case .line(let bytes):
                rawBytes += UInt64(bytes.count + 1)
                if lineReader.read(bytes, into: &line) { visit(line, bytes) }
            case .flushPoint: continue
            case .end: return
            }
        }
    }

    /// Visits every valid line of a segment up to its end or its damage, committed or not.
    package static func eachReadable(
        of path: String,
        in fileSystem: any FileSystem,
        _ visit: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void
    ) throws(FileSystemError) {
        var reader = try SegmentReader(path, in: fileSystem)
        var lineReader = WrittenLineReader()
        var line = WrittenLine()
        while case .line(let bytes) = try reader.next() {
            if lineReader.read(bytes, into: &line) { visit(line, bytes) }
        }
    }
}
