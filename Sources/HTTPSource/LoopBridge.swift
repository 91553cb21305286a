import Intake
import Ring
import Synchronization

/// What the thread of a source sees of one of its event loops.
final class LoopBridge: Sendable {
    private let count = Atomic<Int>(0)
    private let ended = Atomic<Bool>(false)
    private let failure = Mutex<IntakeError?>(nil)
    private let parker = Parker()

    // MARK: - The event loop's side

    /// Notes that the loop goes on.
    func beat() {
        count.wrappingAdd(1, ordering: .releasing)
        parker.wake()
    }

    /// Notes that everything is done.
    func end() {
        ended.store(true, ordering: .releasing)
        parker.wake()
    }

    func fail(_ error: IntakeError) {
        failure.withLock { $0 = error }
        parker.wake()
    }

    // MARK: - The source's side

    var hasEnded: Bool { ended.load(ordering: .acquiring) }

    /// How often the loop has noted that it goes on.
    var beats: Int { count.load(ordering: .acquiring) }

    func check() throws(IntakeError) {
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Waits until the loop has gone on since it had `before` beats: so its thread is watched through
    /// this one.
    func wait(since before: Int, nanoseconds: Int64) {
        while !hasGoneOn(since: before) {
            parker.park(timeoutNanoseconds: nanoseconds) { hasGoneOn(since: before) }
        }
    }

    private func hasGoneOn(since before: Int) -> Bool {
        beats != before || hasEnded || failure.withLock { $0 != nil }
    }
}
