import Agents
import Disk
import Filing
import Glibc
import Intake
import Platform
import Ring
import Storage
import Synchronization

/// Syncs one writer's files, then reports what is durable: to producers by answers, to the ledger,
/// and to waiters.
///
/// An agent on its own thread.
struct Committer: Agent, ~Copyable {
    /// It reports disk errors to the writer instead of throwing.
    typealias Failure = Never

    /// The pause while it waits for room in a source's ring, and for other writers' last commits.
    private static let postPause = Pause.microseconds(200)
    private static let lastPause = Pause.milliseconds(1)

    private let writer: Int
    private let shared: WriterShared
    private let producers: ProducerBook
    private let storage: StorageState
    private let segments: SegmentCommitter
    private let room: RoomWait
    private let places: [SourceShared]
    private let peers: [WriterShared]
    private let fileSystem: any FileSystem
    private var deferred = DeferredAnswers()
    /// Whether the writer's last job is done.
    private(set) var isFinished = false
    private let answers: UnsafeMutablePointer<RingProducer>
    private let notify: @Sendable (PipelineNotice) -> Void
    /// By place: its source left the ring full for longer than the limit.
    private var isGone: [Bool]

    /// `answers`: one ring per place.
    init(
        writer: Int,
        shared: WriterShared,
        producers: ProducerBook,
        storage: StorageState,
        segments: SegmentCommitter,
        room: RoomWait,
        places: [SourceShared],
        peers: [WriterShared],
        fileSystem: any FileSystem,
        answers rings: [RingBuffer],
        notify: @escaping @Sendable (PipelineNotice) -> Void
    ) {
        self.writer = writer
        self.shared = shared
        self.producers = producers
        self.storage = storage
        self.segments = segments
        self.room = room
        self.places = places
        self.peers = peers
        self.fileSystem = fileSystem
        self.notify = notify
        isGone = Array(repeating: false, count: rings.count)
        answers = .allocate(capacity: rings.count)
        // Receivers sleep on a descriptor instead; nothing parks on this parker.
        let parker = Parker()
        for (at, ring) in rings.enumerated() {
            (answers + at).initialize(to: RingProducer(ring, consumer: parker))
        }
    }

    deinit {
        answers.deinitialize(count: places.count)
        answers.deallocate()
    }

    /// Runs one round: posts the answers that have become ready, and does one job.
    mutating func doWork() -> Int {
        postReady()
        if shared.isHalted {
            if shared.isToLeave { isFinished = abandonJobs() }
            return 0
        }
        guard let job = shared.takeJob() else { return 0 }
        if perform(job) {
            shared.finishJob()
            isFinished = job.isLast
        }
        return 1
    }

    mutating func idle(after count: Int) -> IdleStrategy {
        if count > 0 || isFinished { return .none }
        let look = DeferredAnswers.lookNanoseconds
        return .wait(nanoseconds: deferred.isEmpty ? Writer.sleepNanosecondsMax : look)
    }

    /// Sleeps until there is a job; while halted, until the writer resumes it.
    mutating func wait(nanoseconds: Int64) {
        let shared = shared
        shared.committerParker.park(timeoutNanoseconds: nanoseconds) {
            let hasJobs = shared.hasJobs
            guard shared.isHalted else { return hasJobs }
            return hasJobs && shared.isToLeave
        }
    }

    /// Posts the last answers.
    mutating func end() {
        shared.reachEnd()
        postLast()
        shared.end()
    }

    /// Does a job; returns false if the disk failed it, so that it and all later jobs wait.
    private mutating func perform(_ job: CommitJob) -> Bool {
        var job = job
        let files = job.files.fileCount
        do throws(FileSystemError) {
            let sealed = try segments.commit(&job.files)
            shared.setDurable(job.number)
            room.passed()
            let microseconds = book(job)
            post(job.answers)
            deferred.add(job.deferred)
            postReady()
            for file in sealed { notify(.sealed(file)) }
            notify(
                .committed(
                    writer: writer,
                    events: job.events,
                    files: files,
                    microseconds: microseconds
                )
            )
            let outcome = CommitOutcome(events: job.events, sealed: sealed)
            for waiter in job.waiters { waiter.finish(.success(outcome)) }
            job.files.writeIdentities(in: fileSystem)
            return true
        } catch {
            // The file is no longer reliable: neither this job nor any later one is acknowledged
            // before the writer has replaced its segment.
            room.passed()
            if !shared.isToLeave {
                storage.block(.failed(writer), WriterDisk.failureText(error))
                notify(.segmentFailed(error))
            }
            for waiter in job.waiters { waiter.finish(.failure(error)) }
            job.waiters = []
            shared.halt(job, error)
            return false
        }
    }

    /// Leaves pending jobs to the next start; returns whether the last job was among them.
    private func abandonJobs() -> Bool {
        while let job = shared.takeJob() {
            let error = shared.haltError ?? FileSystemError(.datasync, "", code: EIO)
            for waiter in job.waiters { waiter.finish(.failure(error)) }
            shared.finishJob()
            if job.isLast { return true }
        }
        return false
    }

    /// Counts the events of a durable commit; returns how long it took, in microseconds.
    private func book(_ job: CommitJob) -> Int {
        let now = SystemClock.monotonicNanoseconds
        shared.setDurable(at: now)
        let wall = SystemClock.wallMicroseconds
        shared.commitTimes.withLock {
            $0.note(begunAt: job.begunAt, receivedAt: job.receivedAt, now: now, wall: wall)
        }
        let isBalanced = shared.numbers.withLock { numbers in
            // Counted twice, by source in the writer and by file in the segments.
            var isBalanced = job.events == job.files.lines
            for entry in job.tallies {
                let isSettled = numbers.ledgers.settle(entry)
                isBalanced = isBalanced && isSettled
            }
            if !isBalanced { numbers.mismatches += 1 }
            return isBalanced
        }
        if !isBalanced { notify(.ledgerMismatch(writer: writer)) }
        if producers.limitsInForce != nil {
            for entry in job.tallies {
                producers[entry.producer].allowance.add(written: entry.tally.lineBytes, at: wall)
            }
        }
        return Int(max(0, now - job.begunAt) / 1_000)
    }

    /// Posts the answers whose other commits have become durable; when too many wait, it stops
    /// intake.
    private mutating func postReady() {
        guard !deferred.isEmpty else { return }
        let peers = peers
        post(deferred.takeReady { peers[$0].durableCommit })
        shared.setDeferred(deferred.count)
        if deferred.count >= DeferredAnswers.countMax {
            storage.block(
                .answers(writer),
                "\(deferred.count) answers wait for another writer's commit"
            )
        } else if deferred.count <= DeferredAnswers.countLow {
            storage.unblock(.answers(writer))
        }
    }

    /// Waits for the commits that the last answers need, as long as their writers can still make
    /// them durable.
    private mutating func postLast() {
        let peers = peers
        while !deferred.isEmpty {
            // Read the ended flags before the durable numbers, so that the last commit counts.
            let ended = peers.map { $0.isAtEnd }
            postReady()
            let dropped = deferred.dropHopeless { ended[$0] }
            if dropped > 0 {
                places[0].acknowledgementsDropped.wrappingAdd(dropped, ordering: .relaxed)
            }
            shared.committerHeartbeat.beat()
            if !deferred.isEmpty { Self.lastPause.take() }
        }
    }

    /// Puts the answers into the places' rings and wakes each place once.
    private mutating func post(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        var touched: Set<Int> = []
        bytes.withUnsafeBytes { bytes in
            var at = 0
            while at < bytes.count {
                let place = Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                let size = Int(bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
                post(
                    UnsafeRawBufferPointer(rebasing: bytes[(at + 8)..<(at + 8 + size)]),
                    to: place
                )
                touched.insert(place)
                at += 8 + size
            }
        }
        for place in touched {
            (answers + place).pointee.publish()
            places[place].signal()
        }
    }

    private mutating func post(_ record: UnsafeRawBufferPointer, to place: Int) {
        var patience = isGone[place] ? 0 : 5_000
        while true {
            if let room = (answers + place).pointee.claim(record.count),
                let start = record.baseAddress
            {
                room.copyMemory(from: start, byteCount: record.count)
                isGone[place] = false
                return
            }
            (answers + place).pointee.publish()
            places[place].signal()
            // The source always empties this ring, unless it has ended; its clients then ask again.
            guard patience > 0 else {
                isGone[place] = true
                places[place].acknowledgementsDropped.wrappingAdd(1, ordering: .relaxed)
                return
            }
            patience -= 1
            Self.postPause.take()
            shared.committerHeartbeat.beat()
        }
    }
}
