import Compression
import Digest
package import Disk
import Events
import Glibc

/// Reads a segment, sealed or open, as lines, in bounded memory.
///
/// One thread at a time.
///
/// It uses two chunks of memory and the longest line. A file that is still being written is read to
/// its current end: its ``End`` is then ``End/cut``.
package struct SegmentReader: ~Copyable {
    /// The next item in a segment.
    ///
    /// Bytes are valid until the next call.
    package enum Piece {
        /// A line without its line feed.
        case line(UnsafeRawBufferPointer)
        /// All lines before it can be read from the bytes before it.
        case flushPoint(FlushPoint)
        /// The end; every further call returns it again.
        case end(End)
    }

    /// A place where the compressed stream is on a byte boundary, after the marker of a flush.
    package struct FlushPoint: Equatable, Sendable {
        /// Bytes of the file before it.
        package var compressedOffset: Int
        /// Raw bytes before it, and their CRC-32.
        package var rawBytes: UInt64
        package var crc32: UInt32
        /// Whether the raw bytes before it end a line, or there are none.
        package var isLineEnd: Bool
        /// Consecutive empty blocks before it; ``FlushCheck/blocks`` of them make a check.
        package var emptyBlocks: Int
        /// Whether they are the check of the raw bytes: then the data before this point is as
        /// written.
        package var isChecked: Bool
    }

    /// Why reading ended.
    package enum End: Equatable, Sendable {
        /// The gzip member is whole and its check values are right.
        case complete
        /// The file ends in the middle of the member.
        case cut
        /// The data at this point cannot be inflated.
        case damaged(reason: String)
        /// A line is longer than `lineBytesMax`.
        case lineTooLong
    }

    /// The longest line that a daemon can write with any configuration.
    package static let lineBytesMaxDefault = PayloadLimits.lineBytesCeiling

    private static let chunkBytes = 64 << 10

    private let fileSystem: any FileSystem
    private let file: FileHandle
    private let start: Int
    private let lineBytesMax: Int
    private var decoder: GzipDecoder
    private var hash: SHA256Digest?
    private let input: UnsafeMutableRawBufferPointer
    private var inputRange = 0..<0
    private var text = GrowableBuffer(capacity: 2 * Self.chunkBytes)
    private var lineStart = 0
    private var searched = 0
    private var lastFive: UInt64 = 0
    /// Compressed and raw bytes at the last flush point.
    private var lastPoint: (compressed: Int, raw: UInt64)?
    private var check = FlushCheck.Collector()
    private var pendingPoint: FlushPoint?
    private var end: End?

    /// Bytes of the file read so far, inflated or not.
    package private(set) var fileBytes: Int

    /// Opens the file.
    ///
    /// - `start`: 0, or the byte of the file where a full flush ends: reading then begins there,
    ///   raw bytes and CRC-32 count from there, and ``End/complete`` means the end of the deflate
    ///   stream, whose trailer is not checked.
    /// - `findsFlushPoints`: return them as pieces; slightly slower.
    /// - `hashes`: compute the result of ``finishHash()``.
    package init(
        _ path: String,
        in fileSystem: any FileSystem,
        from start: Int = 0,
        findsFlushPoints: Bool = false,
        hashes: Bool = false,
        lineBytesMax: Int = Self.lineBytesMaxDefault
    ) throws(FileSystemError) {
        self.fileSystem = fileSystem
        self.lineBytesMax = lineBytesMax
        self.start = start
        fileBytes = start
        file = try fileSystem.open(path, .read)
        decoder = GzipDecoder(
            format: start == 0 ? .gzip : .raw,
            stopsAtBlocks: findsFlushPoints
        )
        hash = hashes ? SHA256Digest() : nil
        input = .allocate(byteCount: Self.chunkBytes, alignment: 16)
    }

    deinit {
        input.deallocate()
        fileSystem.close(file)
    }

    /// The position of the inflater in the file; after ``End/complete``, the end of the member.
    package var compressedBytes: Int { start + Int(clamping: decoder.compressedBytes) }

    /// Raw bytes so far, and their CRC-32.
    package var rawBytes: UInt64 { decoder.rawBytes }
    package var crc32: UInt32 { decoder.crc32 }

    /// Raw bytes after the last line feed; meaningful at the end.
    package var unterminatedBytes: Int { text.count - lineStart }

    /// Returns the next piece.
    package mutating func next() throws(FileSystemError) -> Piece {
        while true {
            if let line = nextLine() { return .line(line) }
            if let point = pendingPoint {
                pendingPoint = nil
                return .flushPoint(point)
            }
            if let end { return .end(end) }
            try inflateMore()
        }
    }

    private mutating func nextLine() -> UnsafeRawBufferPointer? {
        let bytes = text.bytes
        guard searched < bytes.count, let start = bytes.baseAddress,
            let found = memchr(start + searched, 0x0a, bytes.count - searched)
        else {
            searched = bytes.count
            return nil
        }
        let lineFeed = UnsafeRawPointer(found) - start
        defer {
            lineStart = lineFeed + 1
            searched = lineStart
        }
        return UnsafeRawBufferPointer(rebasing: bytes[lineStart..<lineFeed])
    }

    /// Runs one step of the decoder; called only when no whole line is waiting.
    private mutating func inflateMore() throws(FileSystemError) {
        text.removeFirst(lineStart)
        (lineStart, searched) = (0, text.count)
        guard text.count <= lineBytesMax else {
            end = .lineTooLong
            return
        }
        if text.room.count < Self.chunkBytes {
            text.reserve(max(text.count + Self.chunkBytes, text.capacity + text.capacity / 2))
        }
        if inputRange.isEmpty { try fill() }
        let result = decoder.step(
            UnsafeRawBufferPointer(rebasing: input[inputRange]),
            into: text.room
        )
        remember(consumed: result.consumed)
        text.advance(by: result.produced)
        switch result.state {
        case .needsInput where inputRange.isEmpty && result.consumed == 0 && result.produced == 0:
            end = .cut
        case .needsInput, .needsOutput:
            break
        case .blockBoundary(let isAligned):
            if isAligned, lastFive & 0xffff_ffff == Self.flushMarker { notePoint() }
        case .ended:
            end = .complete
        case .failed(let reason):
            end = .damaged(reason: reason)
        }
    }

    private mutating func notePoint() {
        let head = UInt8(truncatingIfNeeded: lastFive >> 32)
        if let lastPoint, lastPoint.raw == decoder.rawBytes, head & 7 == 0,
            lastPoint.compressed + FlushCheck.blockBytes == compressedBytes
        {
            check.add(head)
        } else {
            check = FlushCheck.Collector()
        }
        lastPoint = (compressedBytes, decoder.rawBytes)
        pendingPoint = FlushPoint(
            compressedOffset: compressedBytes,
            rawBytes: decoder.rawBytes,
            crc32: decoder.crc32,
            isLineEnd: text.bytes.last.map { $0 == 0x0a } ?? true,
            emptyBlocks: check.blocks,
            isChecked: check.matches(decoder.crc32)
        )
    }

    private static let flushMarker = GzipFraming.flushMarker.reduce(UInt64(0)) {
        $0 << 8 | UInt64($1)
    }

    private mutating func remember(consumed: Int) {
        for byte in input[inputRange].prefix(consumed).suffix(FlushCheck.blockBytes) {
            lastFive = lastFive << 8 | UInt64(byte)
        }
        inputRange = inputRange.lowerBound + consumed..<inputRange.upperBound
    }

    private mutating func fill() throws(FileSystemError) {
        let count = try fileSystem.read(file, at: fileBytes, into: input)
        inputRange = 0..<count
        fileBytes += count
        hash?.update(UnsafeRawBufferPointer(rebasing: input[..<count]))
    }

    /// Reads the rest of the file and returns the SHA-256 of the file, 64 hexadecimal digits; once,
    /// and only for a reader made with `hashes`.
    package mutating func finishHash() throws(FileSystemError) -> String {
        repeat { try fill() } while !inputRange.isEmpty
        guard let digest = hash?.finish() else {
            preconditionFailure("the reader was not asked to hash")
        }
        hash = nil
        return digest
    }
}
