/// Writes one gzip member (RFC 1952) piece by piece, with flush points, each followed by a
/// ``FlushCheck``.
///
/// The header is the same for every stream of an engine: no name, no time. One thread at a time
/// owns an encoder; it shares nothing, so it may move between threads between calls.
package struct GzipEncoder: ~Copyable, @unchecked Sendable {
    private enum Backend {
        case isal(ISALDeflate)
        case zlib(ZlibDeflate)
    }

    private let backend: Backend
    private var lastFlush: Flush?
    /// Bytes of a flush's check written so far; nil if none is in progress.
    private var checkGiven: Int?

    /// Bytes of input consumed so far.
    ///
    /// The libraries' own counters have only 32 bits.
    package private(set) var rawBytes: UInt64 = 0

    /// Bytes of output produced so far.
    package private(set) var compressedBytes: UInt64 = 0

    /// Sets up a stream; throws if the engine does not support the level, or memory is exhausted.
    ///
    /// `streams`: the number of streams, this one included. Of many streams each uses less memory,
    /// at slightly lower speed, and at a slightly worse ratio if more than about 20 KB lie between
    /// two flushes.
    package init(
        engine: Engine,
        level: Int,
        among streams: Int = 1
    ) throws(CompressionError) {
        guard engine.levels.contains(level) else {
            throw .unsupportedLevel(level: level, engine: engine)
        }
        switch engine {
        case .isal: backend = .isal(try ISALDeflate(level: level, among: streams))
        case .zlib: backend = .zlib(try ZlibDeflate(level: level))
        }
    }

    deinit {
        switch backend {
        case .isal(let stream): stream.free()
        case .zlib(let stream): stream.free()
        }
    }

    /// Deflates the input, or as much of it as fits the output.
    ///
    /// Call it again with the rest of the input and the same flush until the step is complete. A
    /// flush without input since the last one of its kind writes nothing. Any output size works; a
    /// few kibibytes are fast. Input after `finish` traps.
    package mutating func step(
        _ input: UnsafeRawBufferPointer,
        flush: Flush,
        into output: UnsafeMutableRawBufferPointer
    ) -> Step {
        if input.isEmpty, let lastFlush, lastFlush.rawValue >= flush.rawValue {
            return Step(consumed: 0, produced: 0, isComplete: true)
        }
        precondition(lastFlush != .finish, "input after the end of the gzip stream")
        guard !output.isEmpty else {
            let nothingToDo = input.isEmpty && flush == .none
            return Step(consumed: 0, produced: 0, isComplete: nothingToDo)
        }
        var step = Step(consumed: 0, produced: 0, isComplete: false)
        if checkGiven == nil {
            step = deflate(input, flush: flush, into: output)
            if step.isComplete, flush == .sync || flush == .full { checkGiven = 0 }
        }
        if let given = checkGiven {
            precondition(step.consumed == input.count, "input before the end of a flush")
            let room = UnsafeMutableRawBufferPointer(rebasing: output[step.produced...])
            let count = min(room.count, FlushCheck.bytes - given)
            for index in 0..<count { room[index] = FlushCheck.byte(given + index, of: crc32) }
            step.produced += count
            step.isComplete = given + count == FlushCheck.bytes
            checkGiven = step.isComplete ? nil : given + count
        }
        rawBytes &+= UInt64(step.consumed)
        compressedBytes &+= UInt64(step.produced)
        if step.consumed > 0 { lastFlush = nil }
        if step.isComplete && flush != .none { lastFlush = flush }
        return step
    }

    private func deflate(
        _ input: UnsafeRawBufferPointer,
        flush: Flush,
        into output: UnsafeMutableRawBufferPointer
    ) -> Step {
        switch backend {
        case .isal(let stream): stream.step(input, flush: flush, into: output)
        case .zlib(let stream): stream.step(input, flush: flush, into: output)
        }
    }

    /// CRC-32 of all input; valid once a flush or the finish is complete.
    package var crc32: UInt32 {
        switch backend {
        case .isal(let stream): stream.crc32
        case .zlib(let stream): stream.crc32
        }
    }

    /// The memory that this stream uses, in bytes.
    package var memoryBytes: Int {
        switch backend {
        case .isal(let stream): stream.memoryBytes
        case .zlib: ZlibDeflate.memoryBytes
        }
    }
}
