import Intake
import Ring
import Synchronization

/// What the thread of a source sees of its event loop.
final class LoopBridge: Sendable {
    private let beats = Atomic<Int>(0)
    private let ended = Atomic<Bool>(false)
    private let notices = Mutex<[PeerNotice]>([])
    private let failure = Mutex<IntakeError?>(nil)
    private let parker = Parker()

    // MARK: - The event loop's side

    /// Notes that the loop goes on, with notices for operators.
    func beat(_ more: [PeerNotice]) {
        if !more.isEmpty { notices.withLock { $0 += more } }
        beats.wrappingAdd(1, ordering: .releasing)
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

    func takeNotices() -> [PeerNotice] {
        notices.withLock { notices in
            defer { notices = [] }
            return notices
        }
    }

    func check() throws(IntakeError) {
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Waits until the loop has gone on: so its thread is watched through this one.
    func wait(nanoseconds: Int64) {
        let before = beats.load(ordering: .acquiring)
        while !hasGoneOn(since: before) {
            parker.park(timeoutNanoseconds: nanoseconds) { hasGoneOn(since: before) }
        }
    }

    private func hasGoneOn(since before: Int) -> Bool {
        beats.load(ordering: .acquiring) != before || hasEnded
            || failure.withLock { $0 != nil }
    }
}
