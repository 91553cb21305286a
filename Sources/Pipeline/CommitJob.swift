import Dedup
import Disk
import Filing
import Intake
package import Storage

/// A writer's job for its committer: files to sync, and the answers to send once they are durable.
struct CommitJob: Sendable {
    /// Counts a writer's jobs from 1; they become durable in this order.
    var number: CommitNumber
    var files: CommitBatch
    /// Answers ready to be sent, each as the number of the place (4 bytes), size (4 bytes), ``PostedAnswer``.
    var answers: [UInt8]
    /// Answers that also wait for commits of other writers.
    var deferred: [DeferredAnswer] = []
    /// Event counts of the producers with any.
    var tallies: [ProducerTally]
    /// Monotonic nanoseconds when the writer began the commit.
    var begunAt: Int64
    /// When its oldest message was received, in microseconds since 1970 UTC; nil without messages.
    var receivedAt: Int64?
    /// The waiters for this commit, and for the files sealed with it.
    var waiters: [CommitWaiter]
    /// Whether it is the writer's last job.
    var isLast = false

    var events: Int { tallies.reduce(0) { $0 + $1.tally.accepted + $1.tally.rejectedTotal } }
}

/// What a writer collects for its next job.
struct NextJob {
    /// What is wanted of events from the next commit on; nil for no change.
    var wants: WantsChange?
    private var waiters: [CommitWaiter] = []
    /// ``CommitJob/number`` of the last job that was handed over.
    var handedOver = CommitNumber.none

    mutating func add(_ waiter: CommitWaiter) { waiters.append(waiter) }

    mutating func takeWants() -> WantsChange? {
        defer { wants = nil }
        return wants
    }

    mutating func takeWaiters() -> [CommitWaiter] {
        defer { waiters = [] }
        return waiters
    }
}

/// Called once, by the committer, when a commit is durable or can never become durable.
struct CommitWaiter: Sendable {
    let finish: @Sendable (Result<CommitOutcome, FileSystemError>) -> Void
}

/// The files and events that a commit made durable.
package struct CommitOutcome: Sendable {
    package var events: Int
    package var sealed: [SealedFile]
}

/// A request to a writer, done by its own thread.
enum WriterCommand: Sendable {
    /// Commit the events received so far.
    case flush(CommitWaiter)
    /// Seal the open segments whose sealed path is the prefix or lies below it, and commit.
    case seal(prefix: String, CommitWaiter)
    /// Describe the open segments.
    case describe(@Sendable ([OpenSegmentDescription]) -> Void)
    case tune(PipelineConfiguration.Tunables)
    /// Commit, and look for other things in later events.
    case want(WantsChange)
}
