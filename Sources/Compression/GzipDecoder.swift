import CZlib

/// Inflates one gzip member (RFC 1952) or one raw deflate stream (RFC 1951) piece by piece, with
/// zlib.
///
/// Checks CRC-32 and length of a gzip member. Owned by one thread at a time.
package struct GzipDecoder: ~Copyable, @unchecked Sendable {
    /// The framing around the deflate stream.
    package enum Format: Sendable {
        /// Exactly one gzip member.
        case gzip
        /// One gzip member, or one zlib stream (RFC 1950), as its first bytes say.
        case gzipOrZlib
        /// None: for example, the data after a full flush.
        case raw
    }

    /// The reason why `step` returned.
    package enum State: Sendable, Equatable {
        /// All input was consumed.
        case needsInput
        /// The output is full; more may follow.
        case needsOutput
        /// A deflate block, or the gzip header, has just ended (only with `stopsAtBlocks`). All
        /// output so far belongs to complete blocks. Aligned: on a byte boundary and not after the
        /// last block, so that a file cut here can be continued with another block.
        case blockBoundary(isAligned: Bool)
        /// The member is complete; its CRC and length match. Input after it was not touched.
        case ended
        /// The input is invalid; every further step returns this state.
        case failed(reason: String)
    }

    /// The result of one step.
    package struct Result: Sendable, Equatable {
        /// Bytes taken from the start of the input.
        package var consumed: Int
        /// Bytes written to the start of the output.
        package var produced: Int
        package var state: State
    }

    private let stream: UnsafeMutablePointer<z_stream>
    private let format: Format
    private let stopsAtBlocks: Bool
    private var failure: String?
    private var hasEnded = false
    private var rawCRC32: UInt32 = 0

    /// Bytes of input consumed so far.
    package private(set) var compressedBytes: UInt64 = 0
    /// Bytes of output produced so far.
    package private(set) var rawBytes: UInt64 = 0

    /// Sets up a stream; traps if memory is exhausted.
    ///
    /// `stopsAtBlocks`: return at every block boundary, for recovery.
    package init(format: Format = .gzip, stopsAtBlocks: Bool = false) {
        self.format = format
        self.stopsAtBlocks = stopsAtBlocks
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // A window of 15 bits; 16 more is gzip framing, 32 more is either one, negative is none.
        let windowBits: Int32 =
            switch format {
            case .gzip: 31
            case .gzipOrZlib: 47
            case .raw: -15
            }
        let code = inflateInit2_(
            stream,
            windowBits,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(code == Z_OK, "no memory for inflate (code \(code))")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Restarts with a new member or stream, keeping the memory.
    package mutating func reset() {
        inflateReset(stream)
        failure = nil
        hasEnded = false
        rawCRC32 = 0
        compressedBytes = 0
        rawBytes = 0
    }

    /// CRC-32 of all output so far.
    package var crc32: UInt32 {
        switch format {
        case .raw: rawCRC32
        // Until zlib has read the header, `adler` holds something else.
        case .gzip, .gzipOrZlib:
            rawBytes == 0 ? 0 : UInt32(truncatingIfNeeded: stream.pointee.adler)
        }
    }

    /// Inflates from input to output until either is exhausted, or a block or the member ends.
    package mutating func step(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> Result {
        if let failure { return Result(consumed: 0, produced: 0, state: .failed(reason: failure)) }
        if hasEnded { return Result(consumed: 0, produced: 0, state: .ended) }
        let inputCount = min(input.count, 1 << 30)
        let outputCount = min(output.count, 1 << 30)
        // zlib requires an address even for an empty output.
        var nowhere: UInt8 = 0
        let code = withUnsafeMutablePointer(to: &nowhere) { nowhere in
            stream.pointee.next_in = input.baseAddress.map {
                UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
            }
            stream.pointee.avail_in = UInt32(inputCount)
            stream.pointee.next_out =
                output.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? nowhere
            stream.pointee.avail_out = UInt32(outputCount)
            return inflate(stream, stopsAtBlocks ? Z_BLOCK : Z_NO_FLUSH)
        }
        let consumed = inputCount - Int(stream.pointee.avail_in)
        let produced = outputCount - Int(stream.pointee.avail_out)
        compressedBytes &+= UInt64(consumed)
        rawBytes &+= UInt64(produced)
        if format == .raw {
            rawCRC32 = Compression.crc32(
                UnsafeRawBufferPointer(rebasing: output[..<produced]),
                continuing: rawCRC32
            )
        }
        return Result(consumed: consumed, produced: produced, state: state(after: code))
    }

    private mutating func state(after code: Int32) -> State {
        switch code {
        case Z_STREAM_END:
            hasEnded = true
            return .ended
        case Z_OK, Z_BUF_ERROR:
            // Bit 7: right after a block or the header. Bit 6: in the last block. Bits 0–2: unused
            // bits of the last byte.
            if code == Z_OK, stopsAtBlocks, stream.pointee.data_type & 128 != 0 {
                return .blockBoundary(isAligned: stream.pointee.data_type & (64 | 7) == 0)
            }
            return stream.pointee.avail_out == 0 ? .needsOutput : .needsInput
        case Z_NEED_DICT:
            return fail("a preset dictionary is needed")
        case Z_MEM_ERROR:
            return fail("out of memory")
        default:
            return fail(stream.pointee.msg.map { String(cString: $0) } ?? "zlib code \(code)")
        }
    }

    private mutating func fail(_ reason: String) -> State {
        failure = reason
        return .failed(reason: reason)
    }
}
