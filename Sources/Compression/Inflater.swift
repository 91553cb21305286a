/// Inflates whole gzip payloads that came from outside, within a limit, reusing its memory.
///
/// Owned by one thread at a time; nothing that comes in can make it trap or grow past the limit.
package struct Inflater: ~Copyable, Sendable {
    private var decoder = GzipDecoder()

    package init() {}

    /// How inflating a payload went.
    package enum Outcome: Sendable, Equatable {
        /// All of it is in the buffer, this many bytes.
        case ok(count: Int)
        /// There is more than the limit in it.
        case tooLarge
        /// It is no complete gzip: where in the payload that showed (bytes from its start), and
        /// why.
        case failed(offset: Int, reason: String)
    }

    /// Replaces the content of `buffer` with the inflated payload.
    ///
    /// - `gzip`: one gzip member or several in a row, and nothing behind them.
    /// - `limit`: the most bytes to inflate to; the buffer never gets more than one byte above it.
    package mutating func inflate(
        _ gzip: UnsafeRawBufferPointer,
        into buffer: inout GrowableBuffer,
        limit: Int
    ) -> Outcome {
        buffer.removeAll()
        decoder.reset()
        let ceiling = min(max(0, limit), Int.max - 1) + 1
        buffer.reserve(
            min(ceiling, max(4096, gzip.count.multipliedReportingOverflow(by: 4).partialValue))
        )
        var offset = 0
        while true {
            let wanted = min(buffer.room.count, ceiling - buffer.count)
            let result = decoder.step(
                UnsafeRawBufferPointer(rebasing: gzip[offset...]),
                into: UnsafeMutableRawBufferPointer(rebasing: buffer.room[..<wanted])
            )
            offset += result.consumed
            buffer.advance(by: result.produced)
            guard buffer.count < ceiling else { return .tooLarge }
            switch result.state {
            case .failed(let reason):
                return .failed(offset: offset, reason: reason)
            case .needsOutput, .blockBoundary:
                if buffer.room.isEmpty {
                    buffer.reserve(min(ceiling, buffer.capacity * 2))
                }
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
    }
}
