import Archive
import Compression
import Disk

/// A gzip file of lines that is being written.
///
/// One thread. A full flush about every mebibyte of raw bytes.
final class LineFile {
    private static let chunkBytes = 64 << 10

    private let fileSystem: any FileSystem
    private let file: FileHandle
    private var encoder: GzipEncoder
    private var pending: [UInt8] = []
    private var rawSinceFullFlush = 0
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)

    /// Creates the file; `level`: zlib's, which every machine has.
    init(_ path: String, level: Int, in fileSystem: any FileSystem) throws(FileSystemError) {
        self.fileSystem = fileSystem
        guard let encoder = try? GzipEncoder(engine: .zlib, level: level) else {
            preconditionFailure("zlib has level \(level)")
        }
        self.encoder = encoder
        file = try fileSystem.open(path, .createNew)
    }

    deinit {
        output.deallocate()
        fileSystem.close(file)
    }

    /// Adds a line without its line feed.
    func write(_ line: UnsafeRawBufferPointer) throws(FileSystemError) {
        pending += line
        pending.append(UInt8(ascii: "\n"))
        guard pending.count >= Self.chunkBytes else { return }
        rawSinceFullFlush += pending.count
        let isDue = rawSinceFullFlush >= SegmentFormat.fullFlushBytes
        if isDue { rawSinceFullFlush = 0 }
        try deflate(isDue ? .full : .none)
    }

    /// Ends the gzip member; nothing may be written afterwards.
    func finish(durably: Bool) throws(FileSystemError) {
        try deflate(.finish)
        if durably { try fileSystem.datasync(file) }
    }

    private func deflate(_ flush: Flush) throws(FileSystemError) {
        var done = 0
        while true {
            let step = pending.withUnsafeBytes {
                encoder.step(
                    UnsafeRawBufferPointer(rebasing: $0[done...]),
                    flush: flush,
                    into: output
                )
            }
            done += step.consumed
            if step.produced > 0 {
                let bytes = UnsafeRawBufferPointer(output)[..<step.produced]
                try fileSystem.write(UnsafeRawBufferPointer(rebasing: bytes), to: file)
            }
            if step.isComplete { break }
        }
        pending.removeAll(keepingCapacity: true)
    }
}
