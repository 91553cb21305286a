import Dedup
import Filing

/// The answers of durable commits that wait for commits of other writers.
///
/// A value without clock or threads: it is told what is durable. Producers count on no order of
/// answers, so one that waits holds up none behind it.
struct DeferredAnswers {
    /// From how many on intake is held, and at how many it goes on.
    static let countMax = 10_000
    static let countLow = 5_000
    /// How often to look while any wait.
    static let lookNanoseconds: Int64 = 2_000_000

    private var waiting: [DeferredAnswer] = []

    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    mutating func add(_ answers: [DeferredAnswer]) {
        waiting += answers
    }

    /// Takes out what may go now, ready to be posted.
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

    /// Takes out what can never go, since it waits for a writer that has ended; its clients ask
    /// again.
    ///
    /// Gives how many.
    mutating func dropHopeless(hasEnded: (Int) -> Bool) -> Int {
        let before = waiting.count
        waiting.removeAll { $0.needs.contains { hasEnded($0.writer) } }
        return before - waiting.count
    }
}
