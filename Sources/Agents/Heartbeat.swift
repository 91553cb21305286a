import Synchronization

/// Counts a thread's rounds, so that another thread can check its progress.
package final class Heartbeat: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    /// Called by the thread itself, at least once a second.
    package func beat() {
        count.wrappingAdd(1, ordering: .relaxed)
    }

    package var beats: Int { count.load(ordering: .relaxed) }
}
