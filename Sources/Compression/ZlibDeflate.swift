import CZlib

/// A gzip stream that zlib compresses.
///
/// Copies share one stream; its owner, `GzipEncoder`, frees it once.
struct ZlibDeflate {
    private let stream: UnsafeMutablePointer<z_stream>
    private let staging: Staging

    /// The buffer that serves small outputs.
    ///
    /// zlib repeats a flush marker if the output was exactly full, endlessly if the output is
    /// smaller than a marker (zlib.h on `deflate`).
    private struct Staging {
        static let bytes = 256
        let buffer: UnsafeMutableRawBufferPointer
        let range: UnsafeMutablePointer<Range<Int>>
    }

    /// The formula of zlib.h, (1 << (windowBits + 2)) + (1 << (memLevel + 9)), and a few kilobytes.
    static let memoryBytes =
        (1 << 17) + (1 << 17) + 6 * 1024 + MemoryLayout<z_stream>.size + Staging.bytes

    init(level: Int) throws(CompressionError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 31: the largest window (15) with a gzip header and trailer (+16).
        let code = deflateInit2_(
            stream,
            Int32(level),
            Z_DEFLATED,
            31,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else {
            stream.deallocate()
            throw .outOfMemory(engine: .zlib, code: code)
        }
        staging = Staging(
            buffer: .allocate(byteCount: Staging.bytes, alignment: 16),
            range: .allocate(capacity: 1)
        )
        staging.range.initialize(to: 0..<0)
    }

    func free() {
        deflateEnd(stream)
        stream.deallocate()
        staging.buffer.deallocate()
        staging.range.deallocate()
    }

    /// The CRC-32 of the consumed input: for a gzip stream zlib stores it in `adler`.
    var crc32: UInt32 { UInt32(truncatingIfNeeded: stream.pointee.adler) }

    func step(
        _ input: UnsafeRawBufferPointer,
        flush: Flush,
        into output: UnsafeMutableRawBufferPointer
    ) -> Step {
        if output.count >= Staging.bytes && staging.range.pointee.isEmpty {
            return deflate(input, flush: flush, into: output)
        }
        var step = Step(consumed: 0, produced: 0, isComplete: false)
        repeat {
            if staging.range.pointee.isEmpty {
                let rest = UnsafeRawBufferPointer(rebasing: input[step.consumed...])
                let staged = deflate(rest, flush: flush, into: staging.buffer)
                staging.range.pointee = 0..<staged.produced
                step.consumed += staged.consumed
                step.isComplete = staged.isComplete
            }
            step.produced += unstage(
                into: UnsafeMutableRawBufferPointer(rebasing: output[step.produced...])
            )
            // Bytes that wait here for room are not lost: the next call continues with no input,
            // and a flush or finish that is already done then writes nothing new.
            if !staging.range.pointee.isEmpty { step.isComplete = false }
        } while !step.isComplete && step.produced < output.count
        return step
    }

    private func unstage(into output: UnsafeMutableRawBufferPointer) -> Int {
        let range = staging.range.pointee
        let count = min(range.count, output.count)
        guard count > 0 else { return 0 }
        output.copyMemory(
            from: UnsafeRawBufferPointer(
                rebasing: staging.buffer[range.lowerBound..<range.lowerBound + count]
            )
        )
        staging.range.pointee = range.lowerBound + count..<range.upperBound
        return count
    }

    /// Calls the library once, on at most 1 GiB of input: its counters have 32 bits.
    private func deflate(
        _ input: UnsafeRawBufferPointer,
        flush: Flush,
        into output: UnsafeMutableRawBufferPointer
    ) -> Step {
        let inputCount = min(input.count, 1 << 30)
        let outputCount = min(output.count, 1 << 30)
        let isLast = inputCount == input.count
        stream.pointee.next_in = input.baseAddress.map {
            UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
        }
        stream.pointee.avail_in = UInt32(inputCount)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(outputCount)
        let code = CZlib.deflate(stream, isLast ? Self.code(of: flush) : Z_NO_FLUSH)
        // Z_BUF_ERROR only means that there was nothing to do.
        precondition(
            code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR,
            "deflate refused its own settings: \(code)"
        )
        let consumed = inputCount - Int(stream.pointee.avail_in)
        let isDone = flush == .finish ? code == Z_STREAM_END : stream.pointee.avail_out > 0
        return Step(
            consumed: consumed,
            produced: outputCount - Int(stream.pointee.avail_out),
            isComplete: consumed == input.count && (isDone || flush == .none)
        )
    }

    private static func code(of flush: Flush) -> Int32 {
        switch flush {
        case .none: Z_NO_FLUSH
        case .sync: Z_SYNC_FLUSH
        case .full: Z_FULL_FLUSH
        case .finish: Z_FINISH
        }
    }
}
