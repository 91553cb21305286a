package import Archive
import Dedup
import Intake
import Synchronization

/// Loading of earlier ids: sources that deduplicate take in nothing before it is done.
extension Pipeline {
    /// Adds an id from an earlier run to the window.
    ///
    /// One call at a time, before ``openIntake()``; oldest first.
    ///
    /// `leftover`: the number of the open segment that has it, from 1; 0 when it is durable.
    package func remember(_ known: KnownIdentity, leftover: Int = 0) {
        guard let scope = scope(of: known) else { return }
        _ = window.admit(
            window.announce(known.identity, content: known.content, scope: scope),
            receivedAt: Int64(known.seconds) * 1_000_000,
            writer: leftover == 0 ? 0 : writers.count,
            commit: CommitNumber(rawValue: UInt64(leftover))
        )
    }

    /// The scope of an id; nil if there are too many producers with keys.
    private func scope(of known: KnownIdentity) -> Int? {
        if known.producer.isEmpty { return known.source }
        return producers.producer(of: known.source, key: known.producer)?.number
    }

    /// Sets how many open segments earlier runs left: they count as the commits of a virtual
    /// writer, and answers to duplicates of their events wait as for any other writer's.
    package func expectLeftovers(_ count: Int) {
        window.begin(commit: CommitNumber(rawValue: UInt64(count)), writer: writers.count)
    }

    /// Notes that the first `number` of them are durable, in files with a visible name.
    package func settleLeftovers(upTo number: Int) {
        leftovers.setDurable(CommitNumber(rawValue: UInt64(number)))
    }

    /// Notes that no more of them will become durable: clients that wait for one ask again.
    package func endLeftovers() {
        leftovers.reachEnd()
    }

    /// Lets sources that deduplicate take in events: the window is loaded as far as possible.
    package func openIntake() {
        for place in places.shared { place.cancel(.loading) }
    }

    /// Whether a source still waits for ``openIntake()``.
    package func isLoading(source: Int) -> Bool {
        places.requests(of: source).contains(.loading)
    }

    /// The number of answers that are durable themselves and wait for another writer's commit.
    package var answersDeferred: Int {
        writers.reduce(0) { $0 + $1.answersDeferred }
    }
}
