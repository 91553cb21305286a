/// One gzip member (RFC 1952), written piece by piece, with flush points in between, each followed by
/// a ``FlushCheck``.
///
/// The header is the same for every stream of an engine: no name, no time. The type is owned by one
/// thread at a time; nothing in it is shared, so it may move between threads between calls.
package struct GzipEncoder: ~Copyable, @unchecked Sendable {
    private enum Backend {
        case isal(ISALDeflate)
        case zlib(ZlibDeflate)
    }

    private let backend: Backend
    private var lastFlush: Flush?
    /// Bytes of a flush's check that were given; nil when none is under way.
    private var checkGiven: Int?

    /// All input taken so far.
    ///
    /// The libraries' own counters have only 32 bits.
    package private(set) var rawBytes: UInt64 = 0

    /// All output given so far.
    package private(set) var compressedBytes: UInt64 = 0

    /// Sets up a stream; fails when the engine has no such level, or memory is out.
    ///
    /// `streams`: how many there are, this one with them; of many each takes less memory, at the price
    /// of a little speed, and of a ratio that is a little worse where more than some 20 KB go between
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

    /// Deflates the input, or the part of it that there is room for.
    ///
    /// Call again with the rest of the input and the same flush until the step is complete. A flush
    /// with nothing new since the last one of its kind writes nothing. Any output size works; some
    /// kibibytes are fast. Stepping a finished stream with input is a programmer error.
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

    /// What this stream costs, in bytes.
    package var memoryBytes: Int {
        switch backend {
        case .isal(let stream): stream.memoryBytes
        case .zlib: ZlibDeflate.memoryBytes
        }
    }
}
