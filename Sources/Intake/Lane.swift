import Ring
import Synchronization

/// A source's way into the writers' rings, and the way of its answers back.
///
/// Owns the ring ends, chooses the writer, feels back-pressure, and keeps what was taken in while intake
/// was held. A kind of source reads its transport, offers records, and sends answers; the rest is here.
/// One thread, the source's.
///
/// A round: ``begin()``, records into ``offer(_:)`` for as long as ``hasRoomInRound(_:)``, ``end(messages:)``.
///
/// Back-pressure: a record that fits in no ring stays with the source, which offers it again in a later
/// round and takes nothing more until then; the writers signal when there is room. What the transport
/// holds fills up, the producers' sends block, nothing is lost.
package struct Lane: ~Copyable {
    /// Messages of one round.
    package static let messagesPerRound = 256
    /// Bytes of them: the writers are looked at anew before one of them is far behind.
    static let bytesPerRound = 256 << 10
    /// Some two milliseconds of a writer's work; more than gathers while it dozes.
    static let backlogBytesMax = 1 << 20
    /// How long to leave the processor to writers that have all fallen behind, for each
    /// ``backlogBytesMax`` up to ``aheadBacklogsMax``: less than a writer needs for them.
    static let aheadMicroseconds: UInt32 = 2_000
    static let aheadBacklogsMax: UInt32 = 4

    package let index: Int
    package let shared: SourceShared
    // Noncopyable ends cannot stand in an array. They are reached as `(rings + at).pointee`: a
    // mutating call through the subscript stops Swift 6.3.1 when it compiles for ThreadSanitizer.
    let rings: UnsafeMutablePointer<RingProducer>
    private let answers: UnsafeMutablePointer<RingConsumer>
    let ringCount: Int
    /// Bytes of the longest record that every ring can hold.
    package let recordBytesMax: Int
    /// Bytes in a ring from which its writer has fallen behind: half the ring, at most
    /// ``backlogBytesMax``.
    private let backlogBytes: Int
    /// The ring that messages go to now.
    var target = 0
    /// The ring whose answers are being taken.
    private var answersAt = 0
    /// Whether the source keeps a record that fits in no ring.
    package internal(set) var isHolding = false
    /// What came while intake was held.
    var held = HeldRecords()
    /// Whether no ring has room for the first of them.
    package internal(set) var heldWaits = false
    /// Bytes of the payloads put into rings in the current round.
    package internal(set) var roundBytes = 0
    /// Bytes in the ring of the writer that is least behind, where all have fallen behind; else 0.
    package internal(set) var aheadBytes = 0

    /// Takes the ends of the place's rings.
    ///
    /// The caller may be another thread than the one that then works, as long as starting that
    /// thread orders memory.
    package init(_ place: SourcePlace) {
        index = place.index
        shared = place.shared
        ringCount = place.rings.count
        backlogBytes = min((place.rings.map(\.capacity).min() ?? 0) / 2, Self.backlogBytesMax)
        recordBytesMax = place.rings.map(\.recordBytesMax).min() ?? 0
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
    }

    // MARK: - A round

    /// Begins a round: chooses the writer.
    ///
    /// Stays with the first writer as long as it keeps up: then one file a partition grows, not one
    /// a writer. Once it is ``backlogBytes`` behind, the next takes part; when all are, the one that is
    /// least.
    package mutating func begin() {
        var least = Int.max
        for at in 0..<ringCount {
            let used = (rings + at).pointee.usedBytes()
            if used < least {
                target = at
                least = used
            }
            if used <= backlogBytes { break }
        }
        aheadBytes = least > backlogBytes ? least : 0
    }

    /// Whether the round may take another message after so many.
    @inline(__always)
    package func hasRoomInRound(_ count: Int) -> Bool {
        count < Self.messagesPerRound && roundBytes < Self.bytesPerRound
    }

    /// Puts a record into a ring; false when it fits in none.
    ///
    /// Then the source keeps it, and offers it again as the first of a later round.
    package mutating func offer(_ record: IntakeRecord) -> Bool {
        guard put(record, target) || putElsewhere(record) else {
            // A signal may have come for less room than is needed, and asks to be asked for again.
            hold()
            return false
        }
        roundBytes += record.payload.count
        if isHolding { stopHolding() }
        return true
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

    /// The record that was kept is in a ring, or was answered otherwise.
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
            // Room that appeared meanwhile: come back at once instead of waiting for the signal.
            if (rings + at).pointee.requestSpaceSignal() { shared.signal() }
        }
    }

    /// Ends a round: shows its messages to the writers with one store each, and counts them.
    package mutating func end(messages count: Int) {
        for at in 0..<ringCount { (rings + at).pointee.publish() }
        shared.messages.count(count)
        shared.bytes.count(roundBytes)
        roundBytes = 0
    }

    /// How long to leave the processor to the writers after the round, in microseconds: 0 unless all
    /// have fallen behind.
    package var catchUpMicroseconds: UInt32 {
        guard aheadBytes > 0 else { return 0 }
        let backlogs = UInt32(clamping: max(1, aheadBytes / Self.backlogBytesMax))
        return min(backlogs, Self.aheadBacklogsMax) * Self.aheadMicroseconds
    }

    /// Whether a round may take messages from the transport and put them into rings.
    package var takesMessages: Bool {
        !waitsForRoom && shared.requests.isDisjoint(with: .held)
            && !shared.intakeEnded.load(ordering: .relaxed)
    }

    /// Whether something that was taken in waits for room in a ring.
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

    /// Whether intake has ended, the source was asked to close, and every answer was taken.
    package var isFinished: Bool {
        shared.intakeEnded.load(ordering: .relaxed) && shared.requests.contains(.closing)
            && (0..<ringCount).allSatisfy { (answers + $0).pointee.isEmpty }
    }
}
