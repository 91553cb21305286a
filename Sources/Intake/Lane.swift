import Ring
import Synchronization

/// A source's path into the writers' rings, and the return path of its answers.
///
/// Owns the ring ends, chooses the writer, applies back-pressure, and keeps what is received while
/// intake is held. A kind of source reads its transport, offers records, and sends answers. Only
/// the source's thread calls it.
///
/// A round: ``begin()``, records into ``offer(_:)`` for as long as ``hasRoomInRound(_:)``, ``end(messages:)``.
///
/// Back-pressure: a record that fits in no ring stays with the source. The source offers it again
/// in a later round and receives nothing until then; the writers signal when there is room. The
/// transport's buffers fill, the producers' sends block, and nothing is lost.
package struct Lane: ~Copyable {
    /// Messages per round, at most.
    package static let messagesPerRound = 256
    /// Bytes per round, so that no writer falls far behind before the next check.
    static let bytesPerRound = 256 << 10
    /// About 2 ms of a writer's work; more than accumulates while it dozes.
    static let backlogBytesMax = 1 << 20
    /// How long to yield the processor per ``backlogBytesMax``, up to ``aheadBacklogsMax``, when
    /// all writers are behind: less than a writer needs for that backlog.
    static let aheadMicroseconds: UInt32 = 2_000
    static let aheadBacklogsMax: UInt32 = 4

    package let index: Int
    package let shared: SourceShared
    // An array cannot hold noncopyable ends. They are reached as `(rings + at).pointee`: a mutating
    // call through the subscript stops Swift 6.3.1 when it compiles for ThreadSanitizer.
    let rings: UnsafeMutablePointer<RingProducer>
    private let answers: UnsafeMutablePointer<RingConsumer>
    let ringCount: Int
    /// Bytes of the longest record that every ring can hold.
    package let recordBytesMax: Int
    /// Bytes in a ring from which its writer counts as behind: half the ring, at most
    /// ``backlogBytesMax``.
    private let backlogBytes: Int
    /// The ring that receives messages now.
    var target = 0
    /// The ring that answers are read from now.
    private var answersAt = 0
    /// Whether the source keeps a record that fits in no ring.
    package internal(set) var isHolding = false
    /// Records received while intake was held.
    var held = HeldRecords()
    /// Whether no ring has room for the first of them.
    package internal(set) var heldWaits = false
    /// Bytes of the payloads put into rings in the current round.
    package internal(set) var roundBytes = 0
    /// Bytes in the ring of the least loaded writer when all are behind; else 0.
    package internal(set) var aheadBytes = 0
    /// By ring, the costly messages in it.
    private let costs: UnsafeMutablePointer<CostQueue>

    /// Takes the ends of the place's rings.
    ///
    /// The caller may be another thread than the one that works later, as long as starting that
    /// thread orders memory.
    package init(_ place: SourcePlace) {
        index = place.index
        shared = place.shared
        ringCount = place.rings.count
        backlogBytes = min((place.rings.map(\.capacity).min() ?? 0) / 2, Self.backlogBytesMax)
        recordBytesMax = place.rings.map(\.recordBytesMax).min() ?? 0
        costs = .allocate(capacity: place.rings.count)
        costs.initialize(repeating: CostQueue(), count: place.rings.count)
        rings = .allocate(capacity: ringCount)
        answers = .allocate(capacity: ringCount)
        for at in 0..<ringCount {
            let producer = RingProducer(place.rings[at], consumer: place.parkers[at])
            (rings + at).initialize(to: producer)
            (answers + at).initialize(to: RingConsumer(place.answers[at]))
        }
    }

    deinit {
        rings.deinitialize(count: ringCount)
        rings.deallocate()
        answers.deinitialize(count: ringCount)
        answers.deallocate()
        costs.deinitialize(count: ringCount)
        costs.deallocate()
    }

    // MARK: - A round

    /// Begins a round: chooses the writer.
    ///
    /// Stays with the first writer as long as it keeps up, so that one file per partition grows,
    /// not one per writer. Once it is ``backlogBytes`` behind, the next one joins; when all are
    /// behind, the least loaded one is chosen.
    package mutating func begin() {
        var least = Int.max
        for at in 0..<ringCount {
            let used = (rings + at).pointee.usedBytes()
            costs[at].remove(through: (rings + at).pointee.releasedPosition)
            if used < least {
                target = at
                least = used
            }
            if used <= backlogBytes { break }
        }
        aheadBytes = least > backlogBytes ? least : 0
    }

    /// Whether the round may receive another message after `count`.
    @inline(__always)
    package func hasRoomInRound(_ count: Int) -> Bool {
        count < Self.messagesPerRound && roundBytes < Self.bytesPerRound
    }

    /// Puts a record into a ring; returns false when it fits in none.
    ///
    /// The source then keeps it, and offers it first in a later round.
    package mutating func offer(_ record: IntakeRecord) -> Bool {
        guard put(record, target) || putElsewhere(record) else {
            // A signal may have announced less room than is needed, so ask for another one.
            hold()
            return false
        }
        roundBytes += record.payload.count
        if isHolding { stopHolding() }
        return true
    }

    /// Expected nanoseconds of costly messages in the ring that receives messages now.
    package var queuedCost: Int64 { costs[target].total }

    /// Notes what the record that was offered last is expected to cost, if that is much.
    package mutating func noteCost(_ nanoseconds: Int64) {
        costs[target].add(end: (rings + target).pointee.position, cost: nanoseconds)
    }

    private mutating func put(_ record: IntakeRecord, _ ring: Int) -> Bool {
        guard let room = (rings + ring).pointee.claim(record.byteCount) else { return false }
        record.write(to: room)
        return true
    }

    @inline(never)
    private mutating func putElsewhere(_ record: IntakeRecord) -> Bool {
        for at in 0..<ringCount where at != target && put(record, at) {
            target = at
            return true
        }
        return false
    }

    @inline(never)
    private mutating func hold() {
        isHolding = true
        askForRoom()
    }

    /// Notes that the kept record is in a ring, or was answered otherwise.
    @inline(never)
    package mutating func stopHolding() {
        isHolding = false
        shared.stalled.store(false, ordering: .relaxed)
    }

    /// Asks every writer for a signal when there is room.
    mutating func askForRoom() {
        shared.stalled.store(true, ordering: .relaxed)
        for at in 0..<ringCount {
            (rings + at).pointee.publish()
            // Room appeared meanwhile: run again at once instead of waiting for the signal.
            if (rings + at).pointee.requestSpaceSignal() { shared.signal() }
        }
    }

    /// Ends a round: publishes its messages to the writers with one store each, and counts them.
    package mutating func end(messages count: Int) {
        for at in 0..<ringCount { (rings + at).pointee.publish() }
        shared.messages.count(count)
        shared.bytes.count(roundBytes)
        roundBytes = 0
    }

    /// How long to yield the processor to the writers after the round, in microseconds: 0 unless
    /// all are behind.
    package var catchUpMicroseconds: UInt32 {
        guard aheadBytes > 0 else { return 0 }
        let backlogs = UInt32(clamping: max(1, aheadBytes / Self.backlogBytesMax))
        return min(backlogs, Self.aheadBacklogsMax) * Self.aheadMicroseconds
    }

    /// Whether a round may move messages from the transport into rings.
    package var takesMessages: Bool {
        !waitsForRoom && shared.requests.isDisjoint(with: .held)
            && !shared.intakeEnded.load(ordering: .relaxed)
    }

    /// Whether a received record waits for room in a ring.
    package var waitsForRoom: Bool { isHolding || heldWaits }

    // MARK: - Answers

    /// The next answer that committers have posted; valid until the next call.
    package mutating func nextAnswer() -> PostedAnswer? {
        while answersAt < ringCount {
            if let bytes = (answers + answersAt).pointee.next() { return PostedAnswer(bytes) }
            (answers + answersAt).pointee.release()
            answersAt += 1
        }
        answersAt = 0
        return nil
    }

    /// Whether intake has ended, the source was asked to close, and every answer was read.
    package var isFinished: Bool {
        shared.intakeEnded.load(ordering: .relaxed) && shared.requests.contains(.closing)
            && (0..<ringCount).allSatisfy { (answers + $0).pointee.isEmpty }
    }
}
