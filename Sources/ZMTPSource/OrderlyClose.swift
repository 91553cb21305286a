import Glibc
import Platform

/// How a source that closes leaves its peers: so that what was sent to them still arrives.
///
/// A socket that is closed with unread bytes, or that receives some later, resets its connection, and
/// its unsent bytes are lost. So it first ends its own direction, and drops further bytes until
/// the peer has ended the other one.
enum OrderlyClose {
    /// The most time for all peers together, in nanoseconds.
    private static let nanosecondsMax: Int64 = 200_000_000
    private static let pauseMicroseconds: UInt32 = 1_000
    private static let roomBytes = 64 << 10

    /// Ends the direction to each peer and waits, for a bounded time, until they have ended theirs.
    static func begin(_ descriptors: [Int32]) {
        for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_WR)) }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: roomBytes, alignment: 16)
        defer { room.deallocate() }
        let end = SystemClock.monotonicNanoseconds + nanosecondsMax
        var left = descriptors
        while !left.isEmpty {
            var dropped = 0
            left.removeAll { descriptor in
                let count = StreamSocket.receive(descriptor, into: room)
                dropped += max(0, count)
                return count <= 0 && count != -EAGAIN
            }
            if SystemClock.monotonicNanoseconds > end { return }
            if dropped == 0, !left.isEmpty { usleep(pauseMicroseconds) }
        }
    }
}
