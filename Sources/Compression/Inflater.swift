/// Inflates complete gzip payloads from outside, within a size limit, reusing its memory.
///
/// Owned by one thread at a time; no payload can make it trap or exceed the limit.
/// ``inflate(_:into:limit:)`` does everything at once. A thread with other duties calls
/// ``begin(_:into:limit:)`` and then ``step(_:into:bytesMax:)`` until that returns an outcome.
package struct Inflater: ~Copyable, Sendable {
    private var decoder = GzipDecoder(format: .gzipOrZlib)
    /// Bytes of the payload read so far.
    private var offset = 0
    /// The limit plus one byte.
    private var ceiling = 1

    package init() {}

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
        begin(gzip, into: &buffer, limit: limit)
        while true {
            if let outcome = step(gzip, into: &buffer, bytesMax: .max) { return outcome }
        }
    }

    /// Empties `buffer` and prepares it for a payload.
    package mutating func begin(
        _ gzip: UnsafeRawBufferPointer,
        into buffer: inout GrowableBuffer,
        limit: Int
    ) {
        buffer.removeAll()
        decoder.reset()
        offset = 0
        ceiling = min(max(0, limit), Int.max - 1) + 1
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
            let wanted = min(buffer.room.count, ceiling - buffer.count, left)
            let result = decoder.step(
                UnsafeRawBufferPointer(rebasing: gzip[offset...]),
                into: UnsafeMutableRawBufferPointer(rebasing: buffer.room[..<wanted])
            )
            offset += result.consumed
            buffer.advance(by: result.produced)
            left -= result.produced + result.consumed
            guard buffer.count < ceiling else { return .tooLarge }
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
