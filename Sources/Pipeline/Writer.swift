import Agents
import Archive
import Dedup
import Disk
import Events
import Filing
import Intake
import Platform
import Ring
import Storage
import Synchronization

/// The agent that drives one ``FilingStage``: it has the stage read messages from the writer's
/// rings, begins commits, and executes commands.
///
/// It has its own thread, and never waits for the disk to sync.
struct Writer: Agent, ~Copyable {
    typealias Failure = FileSystemError

    /// The most messages from one ring before the others have their turn.
    static let messagesPerTurn = 256
    /// The most bytes of them: about half a millisecond, so that a due commit need not wait for
    /// many large messages.
    static let bytesPerTurn = 256 << 10
    /// How long to doze between batches while messages keep arriving, instead of sleeping.
    static let dozeMicroseconds: UInt32 = 500
    /// How long to pause while no messages may be taken.
    private static let heldPause = Pause.milliseconds(5)
    /// The longest sleep: age and idleness of segments are checked this often.
    static let sleepNanosecondsMax: Int64 = 750_000_000
    /// The most compressed bytes that may wait for a commit under way.
    static let heldBytesMax = 64 << 20
    /// The most sealed files that may wait for a commit under way.
    static let sealsWaitMax = 1_024

    private let ringBytes: Int
    let shared: WriterShared
    let disk: WriterDisk
    let places: PlaceTable
    let store: SegmentStore
    private let room: RoomWait
    private let rings: UnsafeMutablePointer<RingConsumer>
    var filing: FilingStage
    var schedule: CommitSchedule
    var next = NextJob()
    /// Whether the writer was told to leave in the middle of a message: the rest of it, and the
    /// messages still in the rings, are not taken.
    var isLeaving = false
    /// Whether the writer's last commit has been handed over.
    private(set) var isFinished = false
    /// Whether a commit was under way when the writer decided how to wait.
    private var waitsForCommit = false
    var times = WriterTimes()

    /// The parts that a writer shares with the rest of the path.
    struct Parts {
        var index: Int
        var configuration: PipelineConfiguration
        /// By place.
        var rings: [RingBuffer]
        var places: PlaceTable
        var sequences: SourceSequences
        var shared: WriterShared
        /// All writers, for the numbers of their durable commits.
        var peers: [WriterShared]
        var window: IdentityWindow
        var storage: StorageState
        var data: DataFolder
        var notify: @Sendable (PipelineNotice) -> Void
    }

    init(_ parts: Parts) {
        let configuration = parts.configuration
        ringBytes = configuration.ringBytes
        shared = parts.shared
        disk = WriterDisk(
            writer: parts.index,
            storage: parts.storage,
            folders: parts.data.folders,
            notify: parts.notify
        )
        places = parts.places
        room = parts.data.room(
            for: .writer(parts.index),
            storage: parts.storage,
            heartbeat: parts.shared.heartbeat,
            shared: parts.shared
        )
        store = Self.store(parts, room)
        rings = .allocate(capacity: parts.rings.count)
        for (at, ring) in parts.rings.enumerated() {
            (rings + at).initialize(to: RingConsumer(ring))
        }
        filing = FilingStage(
            configuration.filing(writer: parts.index, shared: parts.places.firsts),
            Self.partners(parts, store)
        )
        schedule = CommitSchedule(interval: configuration.tunables.commitInterval)
    }

    private static func partners(_ parts: Parts, _ store: SegmentStore) -> FilingPartners {
        var partners = FilingPartners(
            store: store,
            quota: parts.data.quota,
            sequences: parts.sequences,
            window: parts.window,
            producers: parts.places.producers
        )
        let peers = parts.peers
        partners.durable = { peers[$0].durableCommit }
        let names = parts.configuration.sources.map(\.name)
        let notify = parts.notify
        partners.onRejection = { rejection, source, peer in
            notify(.rejected(source: names[source], peer: peer, reason: rejection.rawValue))
        }
        return partners
    }

    private static func store(_ parts: Parts, _ room: RoomWait) -> SegmentStore {
        let (shared, data, notify) = (parts.shared, parts.data, parts.notify)
        return SegmentStore(
            parts.configuration.store(writer: parts.index, quota: data.quota),
            fileSystem: data.fileSystem,
            waitForRoom: { room.wait($0) },
            onProgress: { shared.heartbeat.beat() },
            onObstacle: { notify(.folderBlocked($0, instead: $1)) },
            durable: { shared.durableCommit },
            onGrowth: { data.space.look() },
            shouldLeave: { shared.isToLeave }
        )
    }

    deinit {
        rings.deinitialize(count: places.count)
        rings.deallocate()
    }

    /// Hands the last job to the committer, and ends the agent.
    mutating func recover(from error: FileSystemError) -> AfterError {
        abandon(error)
        return .end
    }

    /// Waits until the last job is done: the store closes its files when it is destroyed, and the
    /// committer may still have to sync them.
    mutating func end() {
        while !shared.hasEnded {
            shared.heartbeat.beat()
            // After a request to leave nothing is replaced any more: the committer ends without it.
            if shared.isHalted { try? replaceSegments() }
            shared.parker.park(timeoutNanoseconds: Self.sleepNanosecondsMax) {
                shared.hasEnded || shared.isHalted
            }
        }
    }

    /// Whether the writer is done; its last commit has then been handed over.
    private mutating func isOver() throws(FileSystemError) -> Bool {
        if shared.isToLeave {
            try commit(isLast: true)
            return true
        }
        guard shared.isToFinish, ringsAreEmpty() else { return false }
        if shared.isHalted { return false }
        readClocks()
        _ = try store.seal(prefix: "")
        try commit(isLast: true)
        return true
    }

    private func ringsAreEmpty() -> Bool {
        for at in 0..<places.count where !rings[at].isEmpty { return false }
        return true
    }

    /// Runs one round: messages, commands, due work; returns the number of messages.
    ///
    /// After a request to finish or to leave, the last round hands a last job to the committer.
    mutating func doWork() throws(FileSystemError) -> Int {
        if try isOver() {
            isFinished = true
            return 0
        }
        readClocks()
        if shared.isHalted { try replaceSegments() }
        var count = 0
        if takesMessages() {
            for at in 0..<places.count { count += try takeMessages(ring: at) }
        }
        if count > 0 {
            times.noteMessage()
            schedule.touch(at: times.now)
        }
        for command in shared.takeCommands() { try perform(command, isWithinMessage: false) }
        try lookAtSegments()
        tell()
        if isCommitDue { try commit(isLast: false) }
        room.passed()
        return count
    }

    /// Whether messages may be taken from the rings.
    ///
    /// Not while free space is below the minimum, while the reserve is in use, or while the disk is
    /// far behind. A drain empties the rings in the first two cases too.
    private func takesMessages() -> Bool {
        let isFarAhead = store.heldBytes > Self.heldBytesMax || store.sealsWait > Self.sealsWaitMax
        if isFarAhead, shared.hasJobsUnderWay { return false }
        return !disk.lacksRoom || shared.isToFinish
    }

    /// Files the messages of a ring, up to `messagesMax` messages or `bytesMax` bytes including
    /// record headers; returns how many messages there were.
    private mutating func takeMessages(
        ring: Int,
        messagesMax: Int = Self.messagesPerTurn,
        bytesMax: Int = Self.bytesPerTurn
    ) throws(FileSystemError) -> Int {
        guard !isLeaving else { return 0 }
        var turn = FilingStage.Turn(place: ring, messages: messagesMax, bytes: bytesMax)
        while try !filing.take(from: &rings[ring], &turn) {
            if try !lookUp() { break }
        }
        if turn.taken > 0 { giveBack(ring) }
        noteWanted()
        return turn.taken
    }

    /// Tells the schedule about producers that wait for answers.
    mutating func noteWanted() {
        let wanted = filing.takeWanted()
        if wanted.answers > 0 { schedule.wantAnswers(wanted.answers, bytes: wanted.bytes) }
    }

    /// Takes the messages that were in the rings when a commit was requested; at most one capacity
    /// per ring, so that producers who never pause cannot delay the commit.
    mutating func takeAllWaiting() throws(FileSystemError) {
        for at in 0..<places.count {
            _ = try takeMessages(ring: at, messagesMax: .max, bytesMax: ringBytes)
        }
    }

    /// Frees the room of all messages taken from a ring.
    private func giveBack(_ ring: Int) {
        rings[ring].release()
        if rings[ring].takeSpaceRequest() { signalRoom(ring) }
    }

    @inline(never)
    private func signalRoom(_ ring: Int) {
        places.shared[ring].signal()
    }

    mutating func readClocks() {
        times.now = SystemClock.monotonicNanoseconds
        filing.setTime(monotonic: times.now, wall: SystemClock.wallMicroseconds)
    }

    private func untilDue() -> Int64? {
        schedule.untilDue(
            at: times.now,
            lastMessageAt: times.lastMessageAt,
            durableAt: shared.durableAt
        )
    }

    /// Dozes while messages keep arriving, else sleeps until there is work.
    mutating func idle(after count: Int) -> IdleStrategy {
        if count > 0 || isFinished { return .none }
        if !takesMessages() { return .pause(Self.heldPause) }
        var sleep = Self.sleepNanosecondsMax
        waitsForCommit = shared.hasJobsUnderWay
        if !waitsForCommit, let due = untilDue() { sleep = min(sleep, due) }
        if store.openCount > 0 { sleep = min(sleep, WriterTimes.lookNanoseconds * 5) }
        if sleep <= 0 { return .none }
        // The end of a commit that delays the next answers wakes only a sleeper.
        let waitsForAnswers = waitsForCommit && schedule.answersWait
        if times.isWarm, !waitsForAnswers {
            return .pause(
                .microseconds(min(Self.dozeMicroseconds, UInt32(sleep / 1_000) + 1))
            )
        }
        return .wait(nanoseconds: sleep)
    }

    /// Sleeps until a message or a request arrives, or the time is up.
    mutating func wait(nanoseconds: Int64) {
        shared.parker.park(timeoutNanoseconds: nanoseconds) {
            shared.hasWaitingCommands || shared.isToLeave
                || shared.isToFinish || !ringsAreEmpty()
                || waitsForCommit && !shared.hasJobsUnderWay
        }
    }
}
