import Dispatch
import Synchronization

/// Work that is done seed by seed on several threads, its outcomes in the order of the seeds: what comes
/// out does not depend on the number of threads.
final class SeedQueue<Outcome: Sendable>: Sendable {
    private struct State {
        var next: UInt64
        var isOver = false
        var outcomes: [UInt64: Outcome] = [:]
    }

    private let state: Mutex<State>
    private let first: UInt64
    private let arrivals = DispatchSemaphore(value: 0)
    private let work: @Sendable (UInt64) -> Outcome

    /// - `work`: does the work of a seed, on any thread.
    init(from first: UInt64, _ work: @escaping @Sendable (UInt64) -> Outcome) {
        state = Mutex(State(next: first))
        self.first = first
        self.work = work
    }

    /// Works until `take` has enough; returns when no thread works any more.
    ///
    /// - `jobs`: how many threads work.
    /// - `take`: is given every seed and its outcome in order, on the calling thread; false: enough.
    func run(jobs: Int, _ take: (UInt64, Outcome) -> Bool) {
        let workers = DispatchGroup()
        for _ in 0..<jobs {
            DispatchQueue.global().async(group: workers) {
                while let seed = self.nextSeed() { self.give(seed, self.work(seed)) }
            }
        }
        var seed = first
        var isEnough = false
        while !isEnough {
            arrivals.wait()
            while !isEnough, let outcome = outcome(of: seed) {
                isEnough = !take(seed, outcome)
                seed += 1
            }
        }
        state.withLock { $0.isOver = true }
        workers.wait()
    }

    private func nextSeed() -> UInt64? {
        state.withLock { state in
            if state.isOver { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    private func give(_ seed: UInt64, _ outcome: Outcome) {
        state.withLock { $0.outcomes[seed] = outcome }
        arrivals.signal()
    }

    private func outcome(of seed: UInt64) -> Outcome? {
        state.withLock { $0.outcomes.removeValue(forKey: seed) }
    }
}
