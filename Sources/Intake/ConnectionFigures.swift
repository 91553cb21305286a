package import Synchronization

/// Counters of a source's connections since the start of this run.
///
/// Written by the source's thread only; any thread may read.
package final class ConnectionFigures: Sendable {
    package let connects = Atomic<Int>(0)
    package let disconnects = Atomic<Int>(0)
    /// Connections that ended before their handshake was complete.
    package let failedHandshakes = Atomic<Int>(0)
    /// Connections refused beyond the limit.
    package let refused = Atomic<Int>(0)
    /// Connections closed because the peer sent more than the limit, or broke the protocol.
    package let violations = Atomic<Int>(0)
    /// Connections cut off because they sent bytes that never became a message.
    package let overBudget = Atomic<Int>(0)
    /// Connections closed because the peer had been silent for too long.
    package let timedOut = Atomic<Int>(0)
    /// Connections cut off so that they reconnect under a name that has become free.
    package let released = Atomic<Int>(0)
    /// Present connections whose message does not arrive, for example because their name is in use.
    package let muted = Atomic<Int>(0)
    /// Requests dropped while intake was held: their connection ended, so no answer can be sent.
    package let abandoned = Atomic<Int>(0)

    init() {}
}

extension Atomic where Value == Int {
    /// Adds to a counter that only the calling thread writes.
    package func count(_ more: Int = 1) {
        store(load(ordering: .relaxed) &+ more, ordering: .relaxed)
    }

    package var value: Int { load(ordering: .relaxed) }
}
