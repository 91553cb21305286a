import Dedup
import Intake
package import Segments
import Synchronization

/// Sources that deduplicate take nothing in before they know what came before.
extension Pipeline {
    /// Takes an id into the window that was durable before this run.
    ///
    /// One thread, before ``openIntake()``; oldest first.
    package func remember(_ known: KnownIdentity) {
        _ = window.admit(
            window.announce(known.identity, content: known.content, source: known.source),
            receivedAt: Int64(known.seconds) * 1_000_000,
            writer: 0,
            job: 0
        )
    }

    /// Lets sources that deduplicate take in: the window knows all it can know.
    package func openIntake() {
        for receiver in receivers { receiver.cancel(.loading) }
    }

    /// Whether a source still waits for ``openIntake()``.
    package func isLoading(source: Int) -> Bool {
        receivers[source].requests.contains(.loading)
    }

    /// Answers that are durable themselves and wait for another writer's commit.
    package var answersDeferred: Int {
        writers.reduce(0) { $0 + $1.deferred.load(ordering: .relaxed) }
    }
}
