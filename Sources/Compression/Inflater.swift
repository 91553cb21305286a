/// Inflates complete gzip payloads from outside, within a size limit, reusing its memory.
///
/// Owned by one thread at a time; no payload can make it trap or exceed the limit.
/// ``inflate(_:into:limit:)`` does everything at once. A thread with other duties calls
/// ``begin(_:into:limit:)`` and then ``step(_:into:bytesMax:)`` until that returns an outcome.
package struct Inflater: ~Copyable, Sendable {
    private var decoder = GzipDecoder(format: .gzipOrZlib)
    /// Bytes of the payload read so far.
    private var offset = 0
    private var limit = Limit(bytesMax: 0)
    /// The most bytes that the whole payload may inflate to, plus one.
    private var ceiling = 1

    package init() {}

    /// How much a payload may inflate to: in all, and in proportion to its bytes.
    ///
    /// The proportion holds at every point of the payload, because one that inflates to a thousand
    /// times its bytes must not cost a hundred times its bytes before it is refused.
    package struct Limit: Sendable {
        /// What is inflated between two looks at the proportion.
        static let stride = 16_384

        let bytesMax: Int
        let start: Int
        let perByte: Int

        /// `start`: what is allowed whatever the payload, and `perByte`: for each byte of it.
        package init(bytesMax: Int, start: Int = .max, perByte: Int = 0) {
            self.bytesMax = bytesMax
            self.start = start
            self.perByte = perByte
        }

        /// The most bytes after so many bytes of the payload.
        func bytesMax(after offset: Int) -> Int {
            let (share, overflow) = offset.multipliedReportingOverflow(by: perByte)
            let (sum, isOver) = share.addingReportingOverflow(start)
            return overflow || isOver ? bytesMax : min(bytesMax, sum)
        }
    }

    /// The result of inflating a payload.
    package enum Outcome: Sendable, Equatable {
        /// The buffer holds all of it: `count` bytes.
        case ok(count: Int)
        /// It inflates to more than the limit.
        case tooLarge
        /// It is not a complete gzip stream: the byte offset in the payload where that showed, and
        /// the reason.
        case failed(offset: Int, reason: String)
    }

    /// Replaces the content of `buffer` with the inflated payload.
    ///
    /// - `gzip`: one gzip member or several in a row, and nothing after them.
    /// - `limit`: the most bytes to inflate to; the buffer never holds more than one byte above it.
    package mutating func inflate(
        _ gzip: UnsafeRawBufferPointer,
        into buffer: inout GrowableBuffer,
        limit: Int
    ) -> Outcome {
        begin(gzip, into: &buffer, limit: Limit(bytesMax: limit))
        while true {
            if let outcome = step(gzip, into: &buffer, bytesMax: .max) { return outcome }
        }
    }

    /// Empties `buffer` and prepares it for a payload.
    package mutating func begin(
        _ gzip: UnsafeRawBufferPointer,
        into buffer: inout GrowableBuffer,
        limit: Limit
    ) {
        buffer.removeAll()
        decoder.reset()
        offset = 0
        self.limit = limit
        ceiling = min(max(0, limit.bytesMax(after: gzip.count)), Int.max - 1) + 1
        let (guess, overflow) = gzip.count.multipliedReportingOverflow(by: 4)
        buffer.reserve(min(ceiling, max(4096, overflow ? .max : guess)))
    }

    /// Continues until `bytesMax` bytes (at least 1) were read and written in total; returns nil
    /// while there is more to inflate.
    ///
    /// `gzip` and `buffer` are those of ``begin(_:into:limit:)``.
    package mutating func step(
        _ gzip: UnsafeRawBufferPointer,
        into buffer: inout GrowableBuffer,
        bytesMax: Int
    ) -> Outcome? {
        var left = bytesMax
        while left > 0 {
            let wanted = min(
                buffer.room.count,
                ceiling - buffer.count,
                left,
                max(Limit.stride, limit.bytesMax(after: offset) - buffer.count)
            )
            let result = decoder.step(
                UnsafeRawBufferPointer(rebasing: gzip[offset...]),
                into: UnsafeMutableRawBufferPointer(rebasing: buffer.room[..<wanted])
            )
            offset += result.consumed
            buffer.advance(by: result.produced)
            left -= result.produced + result.consumed
            guard buffer.count < ceiling, buffer.count <= limit.bytesMax(after: offset) else {
                return .tooLarge
            }
            switch result.state {
            case .failed(let reason):
                return .failed(offset: offset, reason: reason)
            case .needsOutput, .blockBoundary:
                if buffer.room.isEmpty { buffer.reserve(min(ceiling, buffer.capacity * 2)) }
            case .needsInput:
                guard offset < gzip.count else {
                    return .failed(offset: offset, reason: "it ends in the middle of the stream")
                }
            case .ended:
                if offset == gzip.count { return .ok(count: buffer.count) }
                guard gzip[offset] == 0x1f else {
                    return .failed(offset: offset, reason: "bytes after the end of the stream")
                }
                decoder.reset()
            }
        }
        return nil
    }
}
