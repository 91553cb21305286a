import Agents
import Disk
import Filing
import Glibc
import Platform
import Ring
import Storage
import Synchronization

/// The writer's reaction when the disk fails its segments.
extension Writer {
    /// How long to wait before the disk is tried again.
    static let retryNanoseconds: Int64 = 500_000_000

    /// Replaces segments that the disk has failed, retrying until that succeeds, and lets the
    /// committer resume.
    ///
    /// Throws only when the process is to leave: the segments remain for recovery.
    mutating func replaceSegments() throws(FileSystemError) {
        var none = CommitBatch()
        try replaceSegments(in: &none)
    }

    /// Does the same, including a batch that has not been handed over.
    mutating func replaceSegments(in batch: inout CommitBatch) throws(FileSystemError) {
        if let failure = store.failure { disk.block(failure) }
        tell(force: true)
        while true {
            shared.heartbeat.beat()
            let cause = store.failure ?? shared.haltError ?? FileSystemError(.write, "", code: EIO)
            for command in shared.takeCommands() { refuse(command, cause) }
            if shared.committerRests,
                disk.replaceSegments(of: store, in: &batch, shared: shared)
            {
                break
            }
            if shared.isToLeave { throw cause }
            shared.parker.park(timeoutNanoseconds: Self.retryNanoseconds) {
                shared.hasWaitingCommands || shared.isToLeave
            }
        }
        disk.unblock()
        readClocks()
    }

    /// Leaves all events that are not durable to the next start.
    mutating func abandon(_ error: FileSystemError) {
        tell(force: true)
        for waiter in next.takeWaiters() { waiter.finish(.failure(error)) }
        for command in shared.takeCommands() { refuse(command, error) }
        shared.hand(
            over: CommitJob(
                // The number of the last job that was handed over: the events meant for the next
                // job are left out, and other writers' copies of them must not count as durable.
                number: next.handedOver,
                files: CommitBatch(),
                answers: [],
                tallies: [],
                begunAt: times.now,
                waiters: [],
                isLast: true
            )
        )
    }
}
