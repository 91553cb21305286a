import Dispatch
import Synchronization

/// Work that several threads do seed by seed, with its results in the order of the seeds: they do
/// not depend on the number of threads.
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

    /// - `work`: processes one seed, on any thread.
    init(from first: UInt64, _ work: @escaping @Sendable (UInt64) -> Outcome) {
        state = Mutex(State(next: first))
        self.first = first
        self.work = work
    }

    /// Works until `take` has enough; returns when no thread is working any more.
    ///
    /// - `jobs`: the number of threads.
    /// - `take`: receives every seed and its result in order, on the calling thread; false: enough.
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
