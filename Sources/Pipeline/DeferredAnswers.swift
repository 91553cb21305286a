import Dedup
import Filing

/// The answers of durable commits that wait for commits of other writers.
///
/// A value without clock or threads: it is told which commits are durable. Producers rely on no
/// order of answers, so a waiting one delays no other.
struct DeferredAnswers {
    /// Number of answers at which intake is held, and the one at which it resumes.
    static let countMax = 10_000
    static let countLow = 5_000
    /// How often to check while any wait.
    static let lookNanoseconds: Int64 = 2_000_000

    private var waiting: [DeferredAnswer] = []

    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    mutating func add(_ answers: [DeferredAnswer]) {
        waiting += answers
    }

    /// Removes and returns the answers that can be sent now.
    ///
    /// `durable`: the number of a writer's newest durable commit.
    mutating func takeReady(durable: (Int) -> CommitNumber) -> [UInt8] {
        guard !waiting.isEmpty else { return [] }
        var ready: [UInt8] = []
        waiting.removeAll { answer in
            guard answer.needs.allSatisfy({ durable($0.writer) >= $0.number }) else { return false }
            ready += answer.bytes
            return true
        }
        return ready
    }

    /// Removes the answers that can never be sent, because they wait for a writer that has ended;
    /// their clients ask again.
    ///
    /// Returns how many.
    mutating func dropHopeless(hasEnded: (Int) -> Bool) -> Int {
        let before = waiting.count
        waiting.removeAll { $0.needs.contains { hasEnded($0.writer) } }
        return before - waiting.count
    }
}
