import Compression
import Events
import Intake

/// Collects the answers to a commit's messages as records ready to be sent.
///
/// One thread, the writer's. An answer without rejections, as most are, allocates nothing.
struct AnswerBook: ~Copyable {
    /// The most rejections listed in one answer; of further ones only their number is reported.
    ///
    /// As many as a message can have: those with a line each, and one for the rest.
    static let listedMax = RejectedPieces.piecesMax + 1
    /// The most events with violations that are listed in one answer.
    static let warningsMax = 100

    /// The number of the place to which answers go back.
    var place = 0
    private var records = GrowableBuffer()
    private var listed: [Answer.RefusedPiece] = []
    private var index = 0
    private var accepted = 0
    private var rejected = 0
    private var warnings: [Answer.Warning] = []
    /// Rejections and warnings of the message.
    private var remarks = 0
    private var duplicates = 0
    /// The commits that the message's duplicates wait for, and the answers that wait.
    private var needs: [CommitPlace] = []
    private var deferred: [DeferredAnswer] = []

    /// Begins a message.
    mutating func begin() {
        index = 0
        accepted = 0
        duplicates = 0
        if remarks > 0 { forgetRemarks() }
    }

    @inline(never)
    private mutating func forgetRemarks() {
        remarks = 0
        warnings = []
        rejected = 0
        listed = []
    }

    /// Whether the message has no piece so far.
    var isEmpty: Bool { index == 0 }

    mutating func accept() {
        accepted += 1
        index += 1
    }

    /// Counts a duplicate among the events that are safe.
    mutating func acceptDuplicate() {
        accepted += 1
        index += 1
        duplicates += 1
    }

    /// Delays the message's answer until another writer's commit is durable.
    @inline(never)
    mutating func wait(for place: CommitPlace) {
        if let at = needs.firstIndex(where: { $0.writer == place.writer }) {
            needs[at].number = max(needs[at].number, place.number)
        } else {
            needs.append(place)
        }
    }

    @inline(never)
    mutating func reject(
        _ view: borrowing EventView,
        _ rejection: Rejection,
        detail: String? = nil
    ) {
        if listed.count < Self.listedMax {
            var shown = detail ?? ""
            if detail == nil { shown = view.detail }
            listed.append(
                Answer.RefusedPiece(
                    index: index,
                    offset: view.offset,
                    reason: rejection.rawValue,
                    detail: shown
                )
            )
        }
        rejected += 1
        remarks += 1
        index += 1
    }

    /// Notes what the event violates that is accepted next.
    ///
    /// `violations`: the elements of a JSON array.
    mutating func warn(_ violations: String) {
        remarks += 1
        guard warnings.count < Self.warningsMax else { return }
        warnings.append(Answer.Warning(index: index, violations: violations))
    }

    /// Answers a message of which nothing is stored, and which may be resent later.
    @inline(never)
    mutating func putOff(_ record: IntakeRecord, because reason: String) {
        add(.unavailable(reason), to: record)
    }

    /// Answers a message of which nothing is kept.
    @inline(never)
    mutating func refuse(_ record: IntakeRecord, because reason: String) {
        add(.rejected(reason), to: record)
    }

    /// Drops the answer to a message that was abandoned.
    mutating func abandon() {
        needs = []
    }

    /// Ends a message: its answer goes out with the commit.
    mutating func end(_ record: IntakeRecord) {
        if remarks > 0 || duplicates > 0 { return endListing(record) }
        guard let room = room(for: Answer.plainByteCount, record) else { return }
        Answer.writeCommitted(events: accepted, to: room)
    }

    @inline(never)
    private mutating func endListing(_ record: IntakeRecord) {
        var answer = Answer(.committed, events: accepted)
        answer.duplicates = duplicates
        answer.refused = listed
        answer.moreRefused = rejected - listed.count
        answer.warnings = warnings
        answer.moreWarnings = remarks - rejected - warnings.count
        let start = records.count
        add(answer, to: record)
        if !needs.isEmpty { deferAnswer(from: start) }
    }

    /// Moves the last answer to those that wait.
    private mutating func deferAnswer(from start: Int) {
        let answer = Array(records.bytes[start...])
        records.removeLast(answer.count)
        deferred.append(DeferredAnswer(bytes: answer, needs: needs))
        needs = []
    }

    /// Returns the answers since the last call that wait for other writers.
    mutating func takeDeferred() -> [DeferredAnswer] {
        defer { deferred = [] }
        return deferred
    }

    private mutating func add(_ answer: Answer, to record: IntakeRecord) {
        if let room = room(for: answer.byteCount, record) { answer.write(to: room) }
    }

    /// Writes all but the answer itself, and returns where its bytes belong.
    private mutating func room(
        for byteCount: Int,
        _ record: IntakeRecord
    ) -> UnsafeMutableRawPointer? {
        let size = PostedAnswer.byteCount(for: record, answer: byteCount)
        if records.room.count < 8 + size {
            records.reserve(max(4096, 2 * (records.count + 8 + size)))
        }
        guard let room = records.room.baseAddress else { return nil }
        room.storeBytes(of: UInt32(truncatingIfNeeded: place), as: UInt32.self)
        room.storeBytes(of: UInt32(truncatingIfNeeded: size), toByteOffset: 4, as: UInt32.self)
        let start = PostedAnswer.writeAddress(of: record, to: room + 8)
        records.advance(by: 8 + size)
        return start
    }

    /// Returns all answers since the last call.
    mutating func take() -> [UInt8] {
        defer { records.removeAll() }
        return Array(records.bytes)
    }
}
