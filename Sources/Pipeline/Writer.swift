import Archive
import Compression
import Dedup
import Disk
import Events
import Glibc
import Intake
import Platform
import Ring
import Storage
import Synchronization

/// Takes messages out of its rings, reads them, files their events into segments, and begins
/// commits.
///
/// One thread, its own; it never waits for the disk to sync.
struct Writer: ~Copyable {
    /// Messages taken from one ring before the others have their turn.
    static let messagesPerTurn = 256
    /// Bytes of them: some half a millisecond, so that a commit which is due need not wait for many
    /// large messages.
    static let bytesPerTurn = 256 << 10
    /// So many open segments are in the caches anyway.
    static let warmSegments = 32
    /// How long to doze between batches while messages keep coming, rather than sleep and be woken.
    static let dozeMicroseconds: UInt32 = 500
    /// How long after the last message that goes on.
    static let warmNanoseconds: Int64 = 5_000_000
    /// The longest sleep: age and idleness of segments are looked at this often.
    static let sleepNanosecondsMax: Int64 = 750_000_000
    static let lookNanoseconds: Int64 = 100_000_000
    /// Compressed bytes that may wait for a commit under way.
    static let heldBytesMax = 64 << 20
    /// Sealed files that may wait for a commit under way.
    static let sealsWaitMax = 1_024

    let index: Int
    let configuration: PipelineConfiguration
    let shared: WriterShared
    let storage: StorageState
    let folders: DurableFolders
    let receivers: [ReceiverShared]
    let sequences: SourceSequences
    let store: SegmentStore
    /// The store's waiting lines by slot, at hand without a call.
    let pendings: UnsafeMutablePointer<PendingLines>
    let identities: UnsafeMutablePointer<IdentityList>
    let window: IdentityWindow
    let contentHash: ContentHash
    /// By source: whether its events are looked up in the window.
    let deduplicated: UnsafeMutablePointer<Bool>
    /// All writers, for what they have made durable.
    let peers: [WriterShared]
    let room: RoomWait
    let quota: QuarantineQuota
    let notify: @Sendable (PipelineNotice) -> Void
    let rings: UnsafeMutablePointer<RingConsumer>
    let splicers: UnsafeMutablePointer<EventSplicer>
    let defaultChannels: [UnsafeMutableRawBufferPointer]
    var router: PartitionRouter
    var payloads: PayloadReader
    var inflater = Inflater()
    var inflated = GrowableBuffer()
    var burst = EventBurst()
    /// Messages of an event each, which are read together.
    var messages = MessageRun()
    /// Whether there are more than ``warmSegments``, as of the round's beginning.
    var hasManySegments = false
    var answers = AnswerBook()
    var schedule: CommitSchedule
    /// What arrived in the current round and is not yet in the shared ledger, and what the next
    /// commit will settle.
    var counts: EventCounts
    var waiters: [CommitWaiter] = []
    /// Who sends what goes to quarantine: told once an hour.
    var rejectionNotices = RejectionNotices()
    /// ``CommitJob/sequence`` of the job that takes what comes in now.
    var nextJob: UInt64 { store.batches + 1 }
    /// The same, at hand for every event: what is admitted to the window now goes with that job.
    var admitting: UInt64 = 1
    /// Whether the writer was told to leave in the middle of a message: what is left of it, and
    /// whatever is still in the rings, is not taken.
    var isLeaving = false
    /// Whether the message is left in the middle: quarantine became full, and its client is to send it
    /// again.
    var isAbandoned = false
    /// Segments opened since the writer last looked up in the middle of a message.
    var opened = 0
    var now: Int64 = 0
    var lastMessageAt: Int64 = 0
    /// When the oldest message since the last commit was received, in microseconds since 1970 UTC.
    var oldestReceipt = Int64.max
    var lastLook: Int64 = 0
    var lastTold: Int64 = 0

    init(
        index: Int,
        _ configuration: PipelineConfiguration,
        rings: [RingBuffer],
        receivers: [ReceiverShared],
        sequences: SourceSequences,
        shared: WriterShared,
        peers: [WriterShared],
        window: IdentityWindow,
        storage: StorageState,
        data: DataFolder,
        notify: @escaping @Sendable (PipelineNotice) -> Void
    ) {
        self.index = index
        self.configuration = configuration
        self.shared = shared
        self.storage = storage
        folders = data.folders
        self.receivers = receivers
        self.sequences = sequences
        self.notify = notify
        self.peers = peers
        self.window = window
        contentHash = configuration.contentHash
        let names = configuration.sources.map(\.name)
        let room = data.room(.writer(index), storage, shared.heartbeat, shared)
        self.room = room
        quota = data.quota
        let stored = configuration.store(writer: index, quota: data.quota)
        store = Self.store(stored, data, room, shared, notify)
        pendings = store.pendings
        identities = store.identities
        deduplicated = .allocate(capacity: names.count)
        self.rings = .allocate(capacity: rings.count)
        splicers = .allocate(capacity: names.count)
        for (at, ring) in rings.enumerated() {
            (self.rings + at).initialize(to: RingConsumer(ring))
            (deduplicated + at).initialize(to: configuration.sources[at].deduplicates)
            (splicers + at).initialize(
                to: EventSplicer(
                    node: configuration.node,
                    source: names[at],
                    run: configuration.run
                )
            )
        }
        defaultChannels = configuration.sources.map { Self.copy($0.channel) }
        router = PartitionRouter(configuration.router)
        payloads = PayloadReader(limits: configuration.limits)
        schedule = CommitSchedule(interval: configuration.tunables.commitInterval)
        counts = EventCounts(sources: names.count)
        window.begin(job: nextJob, writer: index)
    }

    private static func store(
        _ configuration: SegmentStore.Configuration,
        _ data: DataFolder,
        _ room: RoomWait,
        _ shared: WriterShared,
        _ notify: @escaping @Sendable (PipelineNotice) -> Void
    ) -> SegmentStore {
        SegmentStore(
            configuration,
            fileSystem: data.fileSystem,
            waitForRoom: { room.wait($0) },
            onProgress: { shared.heartbeat.beat() },
            onObstacle: { notify(.folderBlocked($0, instead: $1)) },
            durable: { shared.durableSequence.load(ordering: .acquiring) },
            onGrowth: { data.space.look() },
            shouldLeave: { shared.leave.load(ordering: .acquiring) }
        )
    }

    deinit {
        rings.deinitialize(count: receivers.count)
        rings.deallocate()
        splicers.deinitialize(count: receivers.count)
        splicers.deallocate()
        deduplicated.deallocate()
        for channel in defaultChannels { channel.deallocate() }
    }

    private static func copy(_ text: String) -> UnsafeMutableRawBufferPointer {
        let bytes = Array(text.utf8)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyBytes(from: bytes)
        return copy
    }

    /// Works until asked to finish or to leave; always hands a last job to the committer.
    mutating func run() {
        do throws(FileSystemError) {
            while try !isOver() {
                if try doWork() == 0 { idle() }
            }
        } catch {
            abandon(error)
        }
        awaitCommitter()
    }

    /// Stays until the last job is done: the store closes its files when it goes, and the committer
    /// may still have to sync them.
    private mutating func awaitCommitter() {
        while !shared.ended.load(ordering: .acquiring) {
            shared.heartbeat.beat()
            // Whoever is to leave has nothing to put right any more: the committer lets go itself.
            if shared.isHalted { try? replaceSegments() }
            shared.parker.park(timeoutNanoseconds: Self.sleepNanosecondsMax) {
                shared.ended.load(ordering: .acquiring) || shared.isHalted
            }
        }
    }

    /// Whether the writer's part is done; its last commit has then been handed over.
    private mutating func isOver() throws(FileSystemError) -> Bool {
        if shared.leave.load(ordering: .acquiring) {
            try commit(isLast: true)
            return true
        }
        guard shared.finish.load(ordering: .acquiring), ringsAreEmpty() else { return false }
        if shared.isHalted { return false }
        readClocks()
        _ = try store.seal(prefix: "")
        try commit(isLast: true)
        return true
    }

    func ringsAreEmpty() -> Bool {
        for at in 0..<receivers.count where !(rings + at).pointee.isEmpty { return false }
        return true
    }

    /// One round: messages, commands, what is due.
    ///
    /// Gives how many messages there were.
    private mutating func doWork() throws(FileSystemError) -> Int {
        shared.heartbeat.beat()
        readClocks()
        if shared.isHalted { try replaceSegments() }
        var count = 0
        hasManySegments = store.openCount > Self.warmSegments
        if takesMessages() {
            for at in 0..<receivers.count { count += try takeMessages(ring: at) }
        }
        if count > 0 {
            lastMessageAt = now
            schedule.touch(at: now)
        }
        for command in shared.takeCommands() { try perform(command, isWithinMessage: false) }
        try lookAtSegments()
        tell()
        if isCommitDue { try commit(isLast: false) }
        room.passed()
        return count
    }

    /// Whether to take messages from the rings.
    ///
    /// Not while free space is below the minimum, while the reserve is in use, or while the disk lags far
    /// behind. A drain empties the rings in the first two cases too.
    private func takesMessages() -> Bool {
        let isFarAhead = store.heldBytes > Self.heldBytesMax || store.sealsWait > Self.sealsWaitMax
        if isFarAhead, shared.jobsUnderWay.load(ordering: .relaxed) > 0 { return false }
        return !storage.lacksRoom.load(ordering: .relaxed)
            || shared.finish.load(ordering: .relaxed)
    }

    /// Files what stands in a ring, up to so many messages and until there were so many bytes, with
    /// their records' headers.
    ///
    /// Gives how many messages there were.
    mutating func takeMessages(
        ring: Int,
        messagesMax: Int = Self.messagesPerTurn,
        bytesMax: Int = Self.bytesPerTurn
    ) throws(FileSystemError) -> Int {
        var count = 0
        var left = bytesMax
        while count < messagesMax, left > 0, !isLeaving,
            let bytes = (rings + ring).pointee.next()
        {
            if let ahead = (rings + ring).pointee.ahead(bytes.count) {
                Processor.prefetch(text: ahead)
            }
            let record = IntakeRecord(bytes)
            // A ring's first is its oldest.
            if count == 0 { oldestReceipt = min(oldestReceipt, record.receivedAt) }
            try gather(record)
            count += 1
            left -= bytes.count + 8
        }
        guard count > 0 else { return 0 }
        try takeRun()
        giveBack(ring)
        return count
    }

    /// Gives back the room of all messages taken from a ring.
    func giveBack(_ ring: Int) {
        (rings + ring).pointee.release()
        if (rings + ring).pointee.takeSpaceRequest() { signalRoom(ring) }
    }

    @inline(never)
    private func signalRoom(_ ring: Int) {
        receivers[ring].signal()
    }

    mutating func readClocks() {
        now = SystemClock.monotonicNanoseconds
        store.setTime(monotonic: now, wall: SystemClock.wallMicroseconds)
    }

    private func untilDue() -> Int64? {
        schedule.untilDue(
            at: now,
            lastMessageAt: lastMessageAt,
            durableAt: shared.durableAt.load(ordering: .relaxed)
        )
    }

    /// Dozes while messages keep coming, else sleeps until something comes or is due.
    private mutating func idle() {
        if !takesMessages() {
            usleep(5_000)
            return
        }
        var sleep = Self.sleepNanosecondsMax
        let waitsForCommit = shared.jobsUnderWay.load(ordering: .acquiring) > 0
        if !waitsForCommit, let due = untilDue() { sleep = min(sleep, due) }
        if store.openCount > 0 { sleep = min(sleep, Self.lookNanoseconds * 5) }
        if sleep <= 0 { return }
        // The end of a commit that holds the next answers up wakes only a sleeper.
        let waitsForAnswers = waitsForCommit && schedule.answersWait
        if now - lastMessageAt < Self.warmNanoseconds, !waitsForAnswers {
            usleep(min(Self.dozeMicroseconds, UInt32(sleep / 1_000) + 1))
            return
        }
        shared.parker.park(timeoutNanoseconds: sleep) {
            shared.hasWaitingCommands || shared.leave.load(ordering: .acquiring)
                || shared.finish.load(ordering: .acquiring) || !ringsAreEmpty()
                || waitsForCommit && shared.jobsUnderWay.load(ordering: .acquiring) == 0
        }
    }
}
