package import Synchronization

/// What became of a source's connections, since the start of this run.
///
/// Written by the source's thread only; any thread may read.
package final class ConnectionFigures: Sendable {
    package let connects = Atomic<Int>(0)
    package let disconnects = Atomic<Int>(0)
    /// Connections that ended before their handshake was done.
    package let failedHandshakes = Atomic<Int>(0)
    /// Connections beyond the most that there may be.
    package let refused = Atomic<Int>(0)
    /// Connections that were ended for what they sent: more than the limit, or not the protocol.
    package let violations = Atomic<Int>(0)
    /// Connections that were cut off since they sent what never became a message.
    package let overBudget = Atomic<Int>(0)
    /// Connections that were ended since nothing came from the peer any more.
    package let timedOut = Atomic<Int>(0)
    /// Connections cut off so that they connect anew under a name that has become free.
    package let released = Atomic<Int>(0)
    /// Connections now that have sent a message which does not arrive, as with a name in use.
    package let muted = Atomic<Int>(0)
    /// Requests dropped while intake was held: their connection ended, and nobody can be answered.
    package let abandoned = Atomic<Int>(0)

    init() {}
}

/// The names of peers by the number of their connection, for writers that keep what a peer sent.
package final class PeerNames: Sendable {
    private let names: Mutex<[UInt16: String]> = Mutex([:])

    init() {}

    /// Nil for a connection that is not known.
    package func name(of number: UInt16) -> String? {
        number == 0 ? nil : names.withLock { $0[number] }
    }

    package func set(_ name: String, of number: UInt16) {
        names.withLock { $0[number] = name }
    }
}

extension Atomic where Value == Int {
    /// Adds one, where only the calling thread writes.
    package func count(_ more: Int = 1) {
        store(load(ordering: .relaxed) &+ more, ordering: .relaxed)
    }

    package var value: Int { load(ordering: .relaxed) }
}
