import Agents
import Dedup
import Disk
import Events
import Ring
import Storage
import Synchronization

/// The state that a writer and its committer share with each other and show to other threads.
///
/// Any thread may call.
final class WriterShared: Sendable {
    /// Wakes the writer: messages, commands, the end of a commit.
    let parker = Parker()
    /// Wakes the committer: a job.
    let committerParker = Parker()
    let heartbeat = Heartbeat()
    let committerHeartbeat = Heartbeat()

    /// The numbers that the writer publishes once per round.
    struct Numbers: Sendable {
        var ledgers = ProducerLedgers()
        /// Commits after which the ledger did not add up, or did not match the files' own count.
        var mismatches = 0
        /// Events written, by channel.
        var channels = ChannelCounts()
        /// How late the events of the newest day came; nil unless their own times decide.
        var lateness: Lateness?
        var openSegments = 0
        var rawBytes: UInt64 = 0
        var compressedBytes: UInt64 = 0
    }

    let numbers = Mutex(Numbers())
    let commitTimes = Mutex(CommitTimes())
    private let commands = Mutex<[WriterCommand]>([])
    private let hasCommands = Atomic<Bool>(false)
    private let jobs = Mutex<[CommitJob]>([])
    private let durable = Atomic(CommitNumber.none)
    private let durableTime = Atomic<Int64>(.min)
    private let deferred = Atomic<Int>(0)
    /// Why the committer is halted: the disk failed a segment, and the writer has to replace it.
    private let halt = Mutex<FileSystemError?>(nil)
    private let halted = Atomic<Bool>(false)
    private let underWay = Atomic<Int>(0)
    private let finish = Atomic<Bool>(false)
    private let leave = Atomic<Bool>(false)
    private let atEnd = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)

    // MARK: - To the writer

    func ask(_ command: WriterCommand) {
        commands.withLock { $0.append(command) }
        hasCommands.store(true, ordering: .releasing)
        parker.wake()
    }

    /// The commands since the last call; the writer's thread only.
    func takeCommands() -> [WriterCommand] {
        guard hasCommands.exchange(false, ordering: .acquiringAndReleasing) else { return [] }
        return commands.withLock { commands in
            defer { commands = [] }
            return commands
        }
    }

    var hasWaitingCommands: Bool { hasCommands.load(ordering: .acquiring) }

    /// Asks the writer to file everything in the rings, then to seal, commit and end.
    func askToFinish() {
        finish.store(true, ordering: .releasing)
        parker.wake()
    }

    /// Asks the writer to commit what is pending and to end; segments stay open for recovery.
    func askToLeave() {
        leave.store(true, ordering: .releasing)
        parker.wake()
    }

    var isToFinish: Bool { finish.load(ordering: .acquiring) }
    var isToLeave: Bool { leave.load(ordering: .acquiring) }

    // MARK: - What is durable

    /// ``CommitJob/number`` of the newest durable job; all earlier jobs are durable, too.
    var durableCommit: CommitNumber { durable.load(ordering: .acquiring) }

    func setDurable(_ number: CommitNumber) { durable.store(number, ordering: .releasing) }

    /// When it became durable, in monotonic nanoseconds; visible to threads that see no job left.
    var durableAt: Int64 { durableTime.load(ordering: .relaxed) }

    func setDurable(at time: Int64) { durableTime.store(time, ordering: .relaxed) }

    /// Answers of durable jobs that wait for other writers' commits.
    var answersDeferred: Int { deferred.load(ordering: .relaxed) }

    func setDeferred(_ count: Int) { deferred.store(count, ordering: .relaxed) }

    // MARK: - The end

    /// Whether the writer's last job is durable, or has failed; answers may still wait for other
    /// writers.
    var isAtEnd: Bool { atEnd.load(ordering: .acquiring) }

    func reachEnd() { atEnd.store(true, ordering: .releasing) }

    /// Whether, in addition, no answer waits any more.
    var hasEnded: Bool { ended.load(ordering: .acquiring) }

    /// Notes that no answer waits any more, and wakes the writer.
    func end() {
        ended.store(true, ordering: .releasing)
        parker.wake()
    }

    // MARK: - To the committer

    func hand(over job: CommitJob) {
        underWay.wrappingAdd(1, ordering: .acquiringAndReleasing)
        jobs.withLock { $0.append(job) }
        committerParker.wake()
    }

    /// Removes and returns the oldest job; the committer's thread only.
    func takeJob() -> CommitJob? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Notes that a job is done, and wakes the writer.
    func finishJob() {
        underWay.wrappingSubtract(1, ordering: .acquiringAndReleasing)
        parker.wake()
    }

    /// Jobs handed over and not yet durable.
    var jobsUnderWay: Int { underWay.load(ordering: .acquiring) }

    var hasJobsUnderWay: Bool { jobsUnderWay > 0 }

    var hasJobs: Bool { jobs.withLock { !$0.isEmpty } }

    // MARK: - When the disk fails a segment

    var isHalted: Bool { halted.load(ordering: .acquiring) }

    /// Puts a failed job back in front and halts the committer; the committer's thread only.
    func halt(_ job: CommitJob, _ error: FileSystemError) {
        jobs.withLock { $0.insert(job, at: 0) }
        halt.withLock { $0 = error }
        halted.store(true, ordering: .releasing)
        parker.wake()
    }

    /// The error that halted the committer.
    var haltError: FileSystemError? { halt.withLock { $0 } }

    /// Whether the committer uses no file: it is halted, or has no job.
    var committerRests: Bool { isHalted || !hasJobsUnderWay }

    /// Changes the files of the waiting jobs, and lets the committer resume; the writer's thread
    /// only.
    func resume(_ change: (inout CommitBatch) -> Void) {
        jobs.withLock { jobs in
            for at in jobs.indices { change(&jobs[at].files) }
        }
        halt.withLock { $0 = nil }
        halted.store(false, ordering: .releasing)
        committerParker.wake()
    }
}
