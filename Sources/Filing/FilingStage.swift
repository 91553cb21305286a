import Dedup
package import Disk
import Events
import Intake
import Platform
package import Ring
package import Storage

/// Reads, judges and files the messages of a ring: a writer without its thread.
///
/// A message passes one value per step, in bursts of events: ``MessageReader`` parses it, a judge
/// may change verdicts, ``Recognition`` finds duplicates, ``Routing`` finds each event's partition,
/// ``Filer`` writes, counts and answers, and ``Observers`` are shown the result.
///
/// One thread at a time. Its only clock limits the time until it returns, since a message may have a
/// hundred thousand events: after ``take(from:_:)`` has returned false, it is called again.
package struct FilingStage: ~Copyable {
    /// How long the stage works before it returns.
    private static let attentionNanoseconds: Int64 = 20_000_000
    /// The number of opened segments after which it returns: each may have sealed one, which holds
    /// a descriptor until it is committed.
    package static let opensMax = 32

    /// How the messages of the run are read.
    private enum Mode {
        /// More may be added.
        case gathering
        /// As one text.
        case joined
        /// One by one.
        case single
    }

    enum Work {
        case none
        /// The message is read through to learn whether all of it can be filed.
        case checking
        case filing
    }

    package let store: SegmentStore
    let judge: (any EventJudge)?
    private let observers: Observers
    var reader: MessageReader
    var notes: NoteWork
    private var recognition: Recognition
    var routing: Routing
    var filer: Filer
    var burst = EventBurst()
    /// Whether the burst's producer was set.
    private var hasOrigin = false
    /// Messages of one event each, which are read together, and the count of those done.
    var run = MessageRun()
    var done = 0
    private var mode = Mode.gathering
    /// A message that is read alone.
    private var current: IntakeRecord?
    var work = Work.none
    private var now: Int64 = 0
    /// By source, where to note what messages cost.
    private let peers: [PeerBook?]
    /// Nanoseconds that the message that is read alone has taken.
    private var spent: Int64 = 0
    /// Microseconds since 1970 UTC of the oldest receipt since ``takeOldestReceipt()``.
    private var oldestReceipt = Int64.max

    package init(_ configuration: FilingConfiguration, _ partners: FilingPartners) {
        store = partners.store
        judge = partners.judge
        observers = partners.observers
        reader = MessageReader(configuration)
        recognition = Recognition(
            partners.window,
            configuration.contentHash,
            writer: configuration.writer,
            isOn: configuration.sources.map(\.deduplicates)
        )
        routing = Routing(
            configuration.router,
            partners.store,
            channels: configuration.sources.map(\.channel)
        )
        filer = Filer(configuration, partners)
        peers = configuration.sources.map(\.peers)
        notes = NoteWork(
            gates: configuration.sources.map(\.gate),
            producers: partners.producers
        )
        beginCommit(wants: WantsChange(to: configuration.wants))
    }

    /// Sets the time from which ``take(from:_:)`` measures how long it works.
    ///
    /// - `monotonic`: nanoseconds.
    /// - `wall`: microseconds since 1970 UTC.
    package mutating func setTime(monotonic: Int64, wall: Int64) {
        now = monotonic
        filer.forgetOpened()
        store.setTime(monotonic: monotonic, wall: wall)
    }

    // MARK: - Messages

    /// Files the messages of a ring, as far as the turn allows; returns false if it must be called
    /// again, after the caller's other duties and ``setTime(monotonic:wall:)``.
    ///
    /// The ring must keep the messages until this has returned true.
    package mutating func take(
        from ring: inout RingConsumer,
        _ turn: inout Turn
    ) throws(FileSystemError) -> Bool {
        if turn.taken == 0 {
            routing.look()
            filer.answersGo(to: turn.place)
        }
        while true {
            guard try goOn() else { return false }
            if !gather(&ring, &turn) { return true }
        }
    }

    /// Takes messages from the ring while they can be read together; false if there were none.
    @inline(__always)
    private mutating func gather(_ ring: inout RingConsumer, _ turn: inout Turn) -> Bool {
        while turn.messages > 0, turn.bytes > 0, let bytes = ring.next() {
            if let ahead = ring.ahead(bytes.count) {
                Processor.prefetch(text: ahead)
            }
            let record = IntakeRecord(bytes)
            // The first message of a ring is its oldest.
            if turn.taken == 0 { oldestReceipt = min(oldestReceipt, record.receivedAt) }
            turn.taken += 1
            turn.messages -= 1
            turn.bytes -= bytes.count + 8
            if !run.add(record) {
                current = record
                return true
            }
        }
        return run.count > 0
    }

    /// Files the messages taken; returns false if it must be called again.
    private mutating func goOn() throws(FileSystemError) -> Bool {
        guard try takeRun() else { return false }
        guard let record = current else { return true }
        if work == .none {
            // It did not fit the previous run; it may begin another.
            if run.add(record) {
                current = nil
                return true
            }
            begin(record)
        }
        guard try takeMessage(record) else { return false }
        current = nil
        return true
    }

    // MARK: - Messages of one event

    /// Files the messages of the run.
    private mutating func takeRun() throws(FileSystemError) -> Bool {
        if mode == .gathering {
            mode = run.count > 1 && mayJoin ? .joined : .single
            if mode == .joined { reader.begin(run.payloads, source: run.records[0].source) }
        }
        if mode == .joined, try !takeJoined() { return false }
        // Read one message at a time from here on: this one is not a single acceptable event.
        while done < run.count {
            let record = run.records[done]
            if work == .none { begin(record) }
            guard try takeMessage(record) else { return false }
            done += 1
        }
        run.removeAll()
        done = 0
        mode = .gathering
        return true
    }

    /// Whether events may go to quarantine that the reader accepts.
    private var mayRefuse: Bool { judge != nil || reader.isPlanEnforced }

    /// While quarantine is full, a judge must have seen all of a message before any of it is filed.
    private var mayJoin: Bool {
        (!mayRefuse || !filer.isQuarantineFull(of: Int(run.records[0].producer)))
            && !reader.splits(source: run.records[0].source)
    }

    /// Files events while each message is exactly one.
    private mutating func takeJoined() throws(FileSystemError) -> Bool {
        // All of them have its source, its time, and its need of an answer.
        let first = run.records[0]
        let isAnswered = first.isAnswered
        if first.note.isEmpty { filer.forgetNote() }
        let recognises = recognition.isOn(source: first.source)
        while case .read = reader.next(&burst) {
            prepare(first, recognises)
            for at in 0..<burst.count {
                let record = run.records[done]
                if isAnswered { filer.begin(record) }
                try file(at, of: record, recognises: recognises, isAnswered: isAnswered)
                done += 1
                if filer.isAbandoned {
                    filer.abandon(record)
                } else if isAnswered {
                    filer.end(record)
                }
            }
            observers.show(burst)
            if isTimeToReturn { return false }
        }
        mode = .single
        return true
    }

    // MARK: - Other messages

    private mutating func begin(_ record: IntakeRecord) {
        work = .filing
        spent = 0
        if record.isAnswered {
            filer.begin(record)
            if filer.isQuarantineFull(of: Int(record.producer)) { work = .checking }
        }
        if record.note.isEmpty { filer.forgetNote() }
        beginReading(record)
    }

    /// Files the whole message, and notes what it cost.
    private mutating func takeMessage(_ record: IntakeRecord) throws(FileSystemError) -> Bool {
        let since = SystemClock.monotonicNanoseconds
        let isDone = try fileMessage(record)
        spent += SystemClock.monotonicNanoseconds - since
        if isDone { noteCost(record) }
        return isDone
    }

    @inline(never)
    private func noteCost(_ record: IntakeRecord) {
        let (peer, bytes) = (record.peer, record.payload.count)
        peers[record.source]?.noteCost(of: peer, bytes: bytes, nanoseconds: spent)
    }

    private mutating func fileMessage(_ record: IntakeRecord) throws(FileSystemError) -> Bool {
        if work == .checking, !passesFullQuarantine(record) { return work == .none }
        let recognises = recognition.isOn(source: record.source)
        let isAnswered = record.isAnswered
        while true {
            switch reader.next(&burst) {
            case .read:
                if !notes.hasLooked {
                    guard passes(record) else { return endMessage() }
                    if mustCheck(record) { return try fileMessage(record) }
                }
                prepare(record, recognises)
                for at in 0..<burst.count {
                    try file(at, of: record, recognises: recognises, isAnswered: isAnswered)
                    if filer.isAbandoned { break }
                }
                if notes.fate != .declined { observers.show(burst) }
                if filer.isAbandoned {
                    filer.abandon(record)
                    return endMessage()
                }
            case .inflating:
                break
            case .ended:
                if isAnswered { filer.end(record) }
                return endMessage()
            }
            if isTimeToReturn { return false }
        }
    }

    private mutating func endMessage() -> Bool {
        work = .none
        return true
    }

    // MARK: - Bursts

    /// Determines the verdicts on the burst's events, and their routes.
    @inline(__always)
    private mutating func prepare(_ record: IntakeRecord, _ recognises: Bool) {
        setOrigin(record)
        if !record.note.isEmpty { applyNotes(record, isJoined: mode == .joined) }
        if judge != nil || reader.isWanted, record.note.isEmpty || notes.fate == .filed {
            askJudge()
        }
        if recognises { recognition.recognise(&burst) }
        routing.route(burst)
    }

    @inline(__always)
    mutating func setOrigin(_ record: IntakeRecord) {
        burst.origin.receivedAt = record.receivedAt
        let producer = notes.producer ?? Int(record.producer)
        guard burst.origin.producer != producer || !hasOrigin else { return }
        hasOrigin = true
        burst.origin.source = record.source
        burst.origin.producer = producer
        burst.origin.scope = filer.meet(producer)
    }

    @inline(never)
    mutating func askJudge() {
        reader.work?.judge(&burst, isFiling: work != .checking)
        judge?.judge(&burst)
    }

    /// Files an event or piece of the burst.
    @inline(__always)
    private mutating func file(
        _ at: Int,
        of record: IntakeRecord,
        recognises: Bool,
        isAnswered: Bool
    ) throws(FileSystemError) {
        if case .quarantine = burst.verdicts[at] { return try reject(at, record) }
        try filer.file(
            burst,
            at,
            routing: routing,
            recognises: recognises,
            isAnswered: isAnswered
        )
    }

    @inline(never)
    private mutating func reject(_ at: Int, _ record: IntakeRecord) throws(FileSystemError) {
        let isJoined = mode == .joined
        if isJoined { reader.beginRejections() }
        if burst.isJudged(at) {
            burst.views[at].offset = isJoined ? 0 : reader.offset(of: burst.views[at].bytes)
        } else {
            reader.countRejection(burst, at)
            if !record.note.isEmpty { coverPart(at, of: record) }
        }
        try filer.reject(
            burst,
            at,
            of: record,
            rejections: &reader.rejections,
            routing: routing,
            now: now
        )
    }

    /// Whether to return in the middle of a message.
    var isTimeToReturn: Bool {
        SystemClock.monotonicNanoseconds - now >= Self.attentionNanoseconds
            || filer.opened >= Self.opensMax
    }

    // MARK: - For the writer

    /// Whether a message that waits for its answer was begun and is not yet ended.
    package var isWithinAnsweredMessage: Bool {
        guard work != .none else { return false }
        return done < run.count ? run.records[done].isAnswered : current?.isAnswered ?? false
    }

    /// Answers begun since the last call.
    package mutating func takeWanted() -> AnswersWanted { filer.takeWanted() }

    /// The time of receipt of the oldest message since the last call, in microseconds since 1970
    /// UTC; nil without messages.
    package mutating func takeOldestReceipt() -> Int64? {
        defer { oldestReceipt = .max }
        return oldestReceipt == .max ? nil : oldestReceipt
    }

    /// Returns the next commit's answers, ready to be posted or waiting for other writers' commits.
    package mutating func takeAnswers() -> (ready: [UInt8], deferred: [DeferredAnswer]) {
        filer.takeAnswers()
    }

    /// Returns the counts of events since the last call, of each producer with any.
    package mutating func takeTallies() -> [ProducerTally] { filer.takeTallies() }

    /// Assigns later messages to the store's next batch.
    ///
    /// `wants`: what is wanted of events from now on; nil for no change.
    package mutating func beginCommit(wants: WantsChange? = nil) {
        reader.moveNotes()
        if let wants { reader.setWants(wants.wants) }
        recognition.begin(commit: store.lastCommit.next)
    }

    /// Seals segments that are too old, idle, or of a past hour.
    package func sealDue() throws(FileSystemError) {
        try store.sealDue(router: routing.partitions)
    }
}
