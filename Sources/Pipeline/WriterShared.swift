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
        /// By source.
        var ledgers: [SourceLedger]
        /// Commits after which the ledger did not add up, or did not match the files' own count.
        var mismatches = 0
        /// Events written, by channel.
        var channels = ChannelCounts()
        var openSegments = 0
        var rawBytes: UInt64 = 0
        var compressedBytes: UInt64 = 0
    }

    let numbers: Mutex<Numbers>
    let commitTimes = Mutex(CommitTimes())
    private let commands = Mutex<[WriterCommand]>([])
    private let hasCommands = Atomic<Bool>(false)
    private let jobs = Mutex<[CommitJob]>([])
    /// ``CommitJob/number`` of the newest durable job; all earlier jobs are durable, too.
    let durableCommit = Atomic(CommitNumber.none)
    /// When it became durable, in monotonic nanoseconds; visible to threads that see no job left.
    let durableAt = Atomic<Int64>(.min)
    /// Answers of durable jobs that wait for other writers' commits.
    let deferred = Atomic<Int>(0)
    /// Why the committer is halted: the disk failed a segment, and the writer has to replace it.
    private let halt = Mutex<FileSystemError?>(nil)
    private let halted = Atomic<Bool>(false)
    /// Jobs handed over and not yet durable.
    let jobsUnderWay = Atomic<Int>(0)
    /// Drain: file everything in the rings, then seal, commit, end.
    let finish = Atomic<Bool>(false)
    /// Commit what is pending and end; segments stay open for recovery.
    let leave = Atomic<Bool>(false)
    /// The writer's last job is durable, or has failed; answers may still wait for other writers.
    let isAtEnd = Atomic<Bool>(false)
    /// The same, and no answer waits any more.
    let ended = Atomic<Bool>(false)

    init(sources: Int) {
        numbers = Mutex(Numbers(ledgers: Array(repeating: SourceLedger(), count: sources)))
    }

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

    // MARK: - To the committer

    func hand(over job: CommitJob) {
        jobsUnderWay.wrappingAdd(1, ordering: .acquiringAndReleasing)
        jobs.withLock { $0.append(job) }
        committerParker.wake()
    }

    /// Removes and returns the oldest job; the committer's thread only.
    func takeJob() -> CommitJob? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

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
    var committerRests: Bool { isHalted || jobsUnderWay.load(ordering: .acquiring) == 0 }

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
