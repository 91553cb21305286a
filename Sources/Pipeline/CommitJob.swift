import Disk
import Dedup
import Filing
import Intake
package import Storage

/// What a writer hands to its committer: files, and what may be said once they are durable.
struct CommitJob: Sendable {
    /// Counts a writer's jobs from 1; they become durable in this order.
    var number: CommitNumber
    var files: CommitBatch
    /// Answers ready to go: source (4 bytes), size (4 bytes), ``PostedAnswer``, one after
    /// the other.
    var answers: [UInt8]
    /// Answers that wait for commits of other writers as well.
    var deferred: [DeferredAnswer] = []
    /// By source.
    var tallies: [CommitTally]
    /// Monotonic nanoseconds when the writer began the commit.
    var begunAt: Int64
    /// When its oldest message was received, in microseconds since 1970 UTC; nil without messages.
    var receivedAt: Int64?
    /// Who waits for this commit, and for what was sealed with it.
    var waiters: [CommitWaiter]
    /// The writer's last.
    var isLast = false

    var events: Int { tallies.reduce(0) { $0 + $1.accepted + $1.rejectedTotal } }
}

/// Told once, by the committer, when a commit is durable, or that it never will be.
struct CommitWaiter: Sendable {
    let finish: @Sendable (Result<CommitOutcome, FileSystemError>) -> Void
}

/// What a commit made durable.
package struct CommitOutcome: Sendable {
    package var events: Int
    package var sealed: [SealedFile]
}

/// Something asked of a writer, done by its own thread.
enum WriterCommand: Sendable {
    /// Commit what has come in so far.
    case flush(CommitWaiter)
    /// Seal the open segments whose sealed path is the prefix or lies below it, and commit.
    case seal(prefix: String, CommitWaiter)
    /// Tell what is open.
    case describe(@Sendable ([OpenSegmentDescription]) -> Void)
    case tune(PipelineConfiguration.Tunables)
}
