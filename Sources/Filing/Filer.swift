import Archive
import Dedup
import Disk
import Events
import Intake
import Storage

/// Files the events of a burst by their verdicts: numbers, splices, counts and answers them.
struct Filer: ~Copyable {
    private let store: SegmentStore
    /// The store's waiting lines by slot, accessible without a call.
    private let pendings: UnsafeMutablePointer<PendingLines>
    private let identities: UnsafeMutablePointer<IdentityList>
    private let quota: QuarantineQuota
    private let sequences: SourceSequences
    private var origins: Origins
    /// By the number of the scope.
    private let splicers: UnsafeMutablePointer<EventSplicer>
    private let sources: [FilingConfiguration.Source]
    /// By source, for what is kept as it came.
    let covers: [KeyCover?]
    private let writer: Int
    /// Returns the number of a writer's newest durable commit.
    private let durable: @Sendable (_ writer: Int) -> CommitNumber
    /// Reports to an operator whose events go to quarantine.
    private let onRejection: @Sendable (Rejection, _ source: Int, _ peer: String) -> Void
    private var notices = RejectionNotices()
    var answers = AnswerBook()
    /// Arrivals not yet reported, and the counts for the next commit.
    var counts: EventCounts
    /// Segments opened since ``forgetOpened()``.
    private(set) var opened = 0
    /// Answers begun since the last call of ``takeWanted()``, and the bytes of their messages.
    var wanted = AnswersWanted()
    /// Whether quarantine became full in the middle of the message: its client is to resend it.
    private(set) var isAbandoned = false
    private var ownMetadata = OwnMetadata()
    /// What the message's source adds to the metadata of its events.
    var metadata = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ configuration: FilingConfiguration, _ partners: FilingPartners) {
        store = partners.store
        pendings = partners.store.pendings
        identities = partners.store.identities
        quota = partners.quota
        sequences = partners.sequences
        durable = partners.durable
        onRejection = partners.onRejection
        sources = configuration.sources
        covers = sources.map { $0.gate.map(KeyCover.init) }
        writer = configuration.writer
        counts = EventCounts()
        origins = Origins(
            partners.producers,
            node: configuration.node,
            run: configuration.run,
            sources: sources.map(\.name)
        )
        splicers = origins.splicers
    }

    /// Prepares for events of a producer; returns the scope of its ids.
    @inline(__always)
    mutating func meet(_ producer: Int) -> IdentityScope {
        origins.scope(of: producer)
    }

    // MARK: - A message

    /// Sets the place to which the answers to the next messages go back.
    mutating func answersGo(to place: Int) {
        answers.place = place
    }

    /// Begins the answer to a message.
    @inline(__always)
    mutating func begin(_ record: borrowing IntakeRecord) {
        answers.begin()
        metadata = RequestNote(record.note).metadata
        wanted.answers += 1
        wanted.bytes += record.payload.count
    }

    mutating func forgetNote() {
        metadata = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Ends a message: its answer goes out with the next commit, unless it was abandoned.
    @inline(__always)
    mutating func end(_ record: IntakeRecord) {
        answers.end(record)
    }

    /// Abandons a message of which nothing is stored: its client is told to resend it later.
    @inline(never)
    mutating func putOff(_ record: IntakeRecord) {
        quota.countRefused()
        answers.putOff(record, because: QuarantineQuota.reason)
    }

    /// Abandons a message whose piece the disk has just refused: its producer is told so if nothing
    /// of it was filed, else nothing.
    @inline(never)
    mutating func abandon(_ record: IntakeRecord) {
        isAbandoned = false
        if answers.isEmpty { putOff(record) } else { answers.abandon() }
    }

    // MARK: - An event

    /// Files an event or a piece by its verdict, and counts it.
    @inline(__always)
    mutating func file(
        _ burst: borrowing EventBurst,
        _ at: Int,
        routing: borrowing Routing,
        recognises: Bool,
        isAnswered: Bool
    ) throws(FileSystemError) {
        guard burst.isWritten(at) else { return leaveOut(burst, at, isAnswered: isAnswered) }
        counts.arrive(burst.origin.producer)
        let isIDReused = recognises && burst.identities.verdict(at: at).isReused
        let slot = try write(
            burst,
            at,
            routing: routing,
            isIDReused: isIDReused,
            isAnswered: isAnswered
        )
        if recognises {
            if isIDReused { counts.reuse(burst.origin.producer) }
            (identities + slot).pointee.add(
                burst.identities.identity(at: at),
                content: burst.identities.content(at: at),
                scope: burst.origin.scope,
                receivedAt: burst.receivedAt
            )
        }
        if isAnswered { answers.accept() }
    }

    /// Writes an event into its partition's segment, and returns the segment's slot.
    @inline(__always)
    private mutating func write(
        _ burst: borrowing EventBurst,
        _ at: Int,
        routing: borrowing Routing,
        isIDReused: Bool,
        isAnswered: Bool
    ) throws(FileSystemError) -> Int {
        let route = burst.routes[at]
        let source = burst.source
        let slot = try slot(route.key, routing)
        burst.slots[at] = Int32(truncatingIfNeeded: slot)
        let resolved = ResolvedEvent(
            channel: routing.channel(burst, at),
            time: route.eventTime,
            isIDReused: isIDReused,
            timeliness: route.timeliness,
            note: metadata
        )
        switch route.timeliness {
        case .timely: break
        case .late, .future, .untimed: counts.mark(burst.origin.producer, route.timeliness)
        }
        if burst.isEdited {
            try writeEdited(burst, at, as: resolved, in: slot, isAnswered: isAnswered)
            return slot
        }
        let splicer = splicers + burst.origin.scope.number
        let need = splicer.pointee.bytesMax(for: burst.views[at], as: resolved)
        let pending = pendings + slot
        if pending.pointee.room < need { try store.makeRoom(need, in: slot) }
        let sequence = sequences.next(source)
        let count = splicer.pointee.write(
            burst.views[at],
            as: resolved,
            receivedAt: burst.receivedAt,
            sequence: sequence,
            to: pending.pointee.end
        )
        pending.pointee.add(
            count,
            source: source,
            sequence: sequence,
            receivedAt: burst.receivedAt,
            eventTime: route.eventTime
        )
        counts.accept(burst.origin.producer, channel: route.channel, bytes: count)
        return slot
    }

    /// Does the same for an event of a burst with edits.
    @inline(never)
    private mutating func writeEdited(
        _ burst: borrowing EventBurst,
        _ at: Int,
        as resolved: ResolvedEvent,
        in slot: Int,
        isAnswered: Bool
    ) throws(FileSystemError) {
        let (edits, source) = (burst.edits(at: at), burst.source)
        var resolved = resolved
        if let identity = burst.identified(at: at) {
            resolved.note = ownMetadata.bytes(of: identity, behind: resolved.note)
        }
        if let plan = burst.plan {
            resolved.note = plan.metadata(at: at, behind: resolved.note)
        }
        let splicer = splicers + burst.origin.scope.number
        let need =
            splicer.pointee.bytesMax(for: burst.views[at], as: resolved)
            + EventEdit.bytesAdded(edits)
        if pendings[slot].room < need { try store.makeRoom(need, in: slot) }
        let sequence = sequences.next(source)
        burst.plan?.file(burst, at: at, sequence: Int(sequence))
        // Without edits, a line is copied faster.
        let count =
            edits.isEmpty
            ? splicer.pointee.write(
                burst.views[at],
                as: resolved,
                receivedAt: burst.receivedAt,
                sequence: sequence,
                to: pendings[slot].end
            )
            : splicer.pointee.write(
                burst.views[at],
                as: resolved,
                edits: edits,
                receivedAt: burst.receivedAt,
                sequence: sequence,
                to: pendings[slot].end
            )
        (pendings + slot).pointee.add(
            count,
            source: source,
            sequence: sequence,
            receivedAt: burst.receivedAt,
            eventTime: burst.routes[at].eventTime
        )
        counts.accept(burst.origin.producer, channel: burst.routes[at].channel, bytes: count)
        if isAnswered { warn(burst, at) }
    }

    private mutating func slot(
        _ key: PartitionKey,
        _ routing: borrowing Routing
    ) throws(FileSystemError) -> Int {
        let slot = store.slot(for: key)
        if slot >= 0 { return slot }
        opened += 1
        return try store.open(key, router: routing.partitions)
    }

    /// Counts an event that is not written; it gets no number.
    @inline(never)
    private mutating func leaveOut(_ burst: borrowing EventBurst, _ at: Int, isAnswered: Bool) {
        counts.arrive(burst.origin.producer)
        switch burst.verdicts[at] {
        case .write, .quarantine:
            return
        case .duplicate:
            counts.repeat(burst.origin.producer)
            if isAnswered { acceptDuplicate(burst.identities.verdict(at: at)) }
        case .suppressed:
            counts.suppress(burst.origin.producer)
            if isAnswered { answers.accept() }
        // Its client is told that no event of it was taken.
        case .declined: counts.decline(burst.origin.producer)
        case .drop:
            counts.drop(burst.origin.producer)
            if isAnswered { answers.accept() }
        }
    }

    /// Answers a duplicate; the answer waits for the original if another writer has it.
    private mutating func acceptDuplicate(_ original: IdentityVerdict) {
        answers.acceptDuplicate()
        // An original of this writer is in this commit or an earlier one, durable in order.
        if original.writer != writer, original.commit.rawValue > 0 { wait(for: original) }
    }

    @inline(never)
    private mutating func wait(for original: IdentityVerdict) {
        guard durable(original.writer) < original.commit else { return }
        answers.wait(for: CommitPlace(writer: original.writer, number: original.commit))
    }

    // MARK: - A rejected piece

    /// Writes a piece of the burst to quarantine, and counts it.
    ///
    /// - `rejections`: those of its message; determines how the piece's bytes are stored.
    /// - `now`: monotonic nanoseconds.
    @inline(never)
    mutating func reject(
        _ burst: borrowing EventBurst,
        _ at: Int,
        of record: IntakeRecord,
        rejections: inout RejectedPieces,
        routing: borrowing Routing,
        now: Int64
    ) throws(FileSystemError) {
        let (view, producer) = (burst.views[at], burst.origin.producer)
        guard let rejection = view.rejection else { return }
        var shown = view.bytes
        if RequestNote.has(.hidesKeys, in: record.note), let cover = covers[record.source] {
            shown = rejections.covered(view.bytes, by: cover)
        }
        let lineBytesMax = rejections.lineBytesMax(view.bytes)
        guard
            let slot = try quarantineSlot(
                rejection,
                lineBytesMax: lineBytesMax,
                of: record,
                from: producer,
                routing: routing
            )
        else { return refuse(record, of: producer) }
        burst.slots[at] = Int32(truncatingIfNeeded: slot)
        counts.arrive(producer)
        let sequence = sequences.next(record.source)
        let peer = sources[record.source].peer(of: record)
        if let peer, notices.allows(rejection, source: record.source, peer: peer, at: now) {
            onRejection(rejection, record.source, peer)
        }
        let finding = burst.finding(at: at)
        if finding != nil { burst.plan?.file(burst, at: at, sequence: Int(sequence)) }
        let line = QuarantineRecord.line(
            view,
            rejection: rejection,
            payload: rejections.payload(view.bytes, shown: shown, sequence: sequence),
            detail: finding?.detail,
            plan: finding == nil ? nil : burst.plan?.planVersion,
            splicer: &(splicers + burst.origin.scope.number).pointee,
            receivedAt: record.receivedAt,
            sequence: sequence,
            peer: peer
        )
        if pendings[slot].room < line.count { try store.makeRoom(line.count, in: slot) }
        pendings[slot].end.update(from: line, count: line.count)
        (pendings + slot).pointee.add(
            line.count,
            source: record.source,
            sequence: sequence,
            receivedAt: record.receivedAt,
            eventTime: nil
        )
        store.tookRejected(line.count, of: origins.hasShare(producer) ? producer : nil)
        counts.reject(producer, rejection, bytes: line.count)
        if record.isAnswered { answers.reject(view, rejection, detail: finding?.detail) }
    }

    /// Returns the slot for a rejected piece whose line has at most so many bytes; nil if
    /// quarantine accepts nothing more.
    ///
    /// A message that waits for an answer was read through before, if quarantine was full then.
    private mutating func quarantineSlot(
        _ rejection: Rejection,
        lineBytesMax: Int,
        of record: IntakeRecord,
        from producer: Int,
        routing: borrowing Routing
    ) throws(FileSystemError) -> Int? {
        if !record.isAnswered, isQuarantineFull(of: producer) { return nil }
        let key = routing.partitions.quarantineKey(rejection, receivedAt: record.receivedAt)
        if store.slot(for: key) < 0 { opened += 1 }
        return try store.quarantineSlot(
            key,
            router: routing.partitions,
            lineBytesMax: lineBytesMax
        )
    }

    /// Drops a rejected piece that quarantine does not accept.
    ///
    /// If its producer waits for an answer, it is asked to resend the message. For pull and sub
    /// sources the piece is counted, and lost.
    private mutating func refuse(_ record: IntakeRecord, of producer: Int) {
        if record.isAnswered {
            isAbandoned = true
        } else {
            counts.arrive(producer)
            counts.drop(producer)
        }
    }

    /// Whether quarantine accepts nothing more, at all or of this producer.
    @inline(__always)
    func isQuarantineFull(of producer: Int) -> Bool {
        quota.isFull || quota.shares.isFull(producer)
    }

    // MARK: - For the next commit

    mutating func forgetOpened() {
        opened = 0
    }
}
