package import Archive
import Dedup
import Intake
import Synchronization

/// Sources that deduplicate take nothing in before they know what came before.
extension Pipeline {
    /// Takes an id into the window that an earlier run took in.
    ///
    /// One call at a time, before ``openIntake()``; oldest first.
    ///
    /// `leftover`: the number of the open segment that has it, from 1; 0 when it is durable.
    package func remember(_ known: KnownIdentity, leftover: Int = 0) {
        _ = window.admit(
            window.announce(known.identity, content: known.content, source: known.source),
            receivedAt: Int64(known.seconds) * 1_000_000,
            writer: leftover == 0 ? 0 : writers.count,
            commit: CommitNumber(rawValue: UInt64(leftover))
        )
    }

    /// How many open segments earlier runs left: what they hold counts as commits of a writer that is
    /// none, and answers to repetitions of it wait as for any other writer's.
    package func expectLeftovers(_ count: Int) {
        window.begin(commit: CommitNumber(rawValue: UInt64(count)), writer: writers.count)
    }

    /// The first so many of them are durable, in files with a visible name.
    package func settleLeftovers(upTo number: Int) {
        leftovers.durableCommit.store(CommitNumber(rawValue: UInt64(number)), ordering: .releasing)
    }

    /// No more of them will be: who waits for one asks again.
    package func endLeftovers() {
        leftovers.isAtEnd.store(true, ordering: .releasing)
    }

    /// Lets sources that deduplicate take in: the window knows all it can know.
    package func openIntake() {
        for source in sources { source.cancel(.loading) }
    }

    /// Whether a source still waits for ``openIntake()``.
    package func isLoading(source: Int) -> Bool {
        sources[source].requests.contains(.loading)
    }

    /// Answers that are durable themselves and wait for another writer's commit.
    package var answersDeferred: Int {
        writers.reduce(0) { $0 + $1.deferred.load(ordering: .relaxed) }
    }
}
