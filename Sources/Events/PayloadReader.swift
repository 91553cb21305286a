import CSimdJSON

/// Splits a message's payload into events and rejected pieces.
///
/// One thread at a time.
///
/// A payload is an object, objects one per line (NDJSON), an array of objects, or an object whose
/// `batch` is an array of objects. The whole payload is indexed once. After an error the rest is
/// read object by object or element by element, so that one bad event costs no good one, in time
/// linear in the payload's size:
///
///     values ──error, batch──► damaged          array ──error──► elements ◄──error in a batch── damaged
///
/// The reader invents no event: an event is a whole object that its producer wrote as an event,
/// never a part of a damaged one. Text that cannot be separated stays one piece.
///
/// Payloads that look like one object each can be read together (``JoinedPayloads``).
///
/// Nothing is lost: every byte that is not white space, a separator or a batch's envelope is part
/// of an event or of a rejection.
package struct PayloadReader: ~Copyable {
    enum Mode {
        case done
        /// Consecutive objects, indexed at ``base``.
        case values
        /// Elements of an array, indexed at ``base``.
        case array
        /// Consecutive objects from ``position``, each indexed separately.
        case damaged
        /// One element at a time from ``position``, each indexed separately.
        case elements
        /// The whole payload is one rejection.
        case whole(Rejection, Int, RejectionCause.Kind)
        /// The text after an array, or its absence.
        case rest(Int)
        /// ``JoinedPayloads``, indexed together.
        case joined
    }

    /// Pieces to read at once: enough to prefetch for each, and few enough that their bytes are
    /// still in the first-level cache when they are written.
    package static let burstSize = 16

    /// The pieces of the current payload so far, and how many it may have.
    struct PieceCount {
        /// Events and rejected pieces that the payload may have.
        var max = 0
        var count = 0
        /// What copies of the envelopes' fields may still take.
        var copies = CopyAllowance(messageBytes: 0)

        var isEmpty: Bool { count == 0 }
        var isFull: Bool { count >= max }
        var left: Int { max - count }
    }

    /// What is known of a payload that is read piece by piece.
    struct DamagedText {
        /// The offset of the text, after a byte order mark.
        var firstByte = 0
        /// Bytes that may still be scanned without a result.
        var scanBudget = 0
        /// The payload's lines by shape; nil until counted.
        var lines: (whole: Int, other: Int)?
        var brackets = BracketScanner()

        mutating func restart(byteCount: Int) {
            firstByte = 0
            scanBudget = 4 * byteCount
            lines = nil
        }
    }

    private let limits: PayloadLimits
    var pieces = PieceCount()
    var reader: EventReader
    var payload = UnsafeRawBufferPointer(start: nil, count: 0)
    var mode = Mode.done
    /// The offset in the payload of the indexed part.
    var base = 0
    /// The progress of reading piece by piece, as an offset in the payload.
    var position = 0
    var damage = DamagedText()
    /// The offset where reading continues after the batch; nil outside a batch.
    var resumeAfterBatch: Int?
    var inherited = Inherited()
    /// The reader's next result, if it was requested in advance.
    private var ahead: csimdjson_code?
    /// The end of each joined payload.
    var ends = UnsafeBufferPointer<Int>(start: nil, count: 0)

    package init(limits: PayloadLimits) {
        self.limits = limits
        reader = EventReader(depthMax: limits.depthMax)
    }

    deinit {
        inherited.free()
    }

    /// Begins a payload, which must stay in place until it is read.
    ///
    /// `piecesMax`: the most events and rejected pieces of this payload, if below
    /// ``PayloadLimits/eventsMax``. `messageBytes`: the bytes of the message as received, if not
    /// those of the payload.
    package mutating func begin(
        _ payload: UnsafeRawBufferPointer,
        piecesMax: Int = .max,
        messageBytes: Int? = nil
    ) {
        restart(payload)
        pieces.max = min(limits.eventsMax, piecesMax)
        pieces.copies = CopyAllowance(messageBytes: messageBytes ?? payload.count)
        guard let first = payload.firstIndex(where: { !$0.isJSONSpace }) else {
            mode = .whole(.invalidJSON, 0, .empty)
            return
        }
        switch payload[first] {
        case UInt8(ascii: "{"): beginValues(at: 0)
        case UInt8(ascii: "["): beginArray(at: first)
        default: beginOther(at: first)
        }
    }

    /// Begins a payload that starts with neither bracket, perhaps with a byte order mark.
    @inline(never)
    private mutating func beginOther(at first: Int) {
        let text = payload[first...]
        if text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF]) {
            mode = .whole(.invalidUTF8, 0, .utf16)
            return
        }
        guard text.starts(with: [0xEF, 0xBB, 0xBF]) else { return beginValues(at: first) }
        damage.firstByte = first + 3
        let next = payload[damage.firstByte...].firstIndex { !$0.isJSONSpace }
        if let next, payload[next] == UInt8(ascii: "[") {
            beginArray(at: next)
        } else if next != nil {
            beginValues(at: damage.firstByte)
        } else {
            mode = .whole(.invalidJSON, first, .byteOrderMark)
        }
    }

    /// Resets the state for a new payload.
    mutating func restart(_ payload: UnsafeRawBufferPointer) {
        self.payload = payload
        base = 0
        position = 0
        resumeAfterBatch = nil
        damage.restart(byteCount: payload.count)
        inherited.clear()
        pieces = PieceCount()
        ahead = nil
    }

    private mutating func beginValues(at start: Int) {
        base = start
        let code = reader.index(UnsafeRawBufferPointer(rebasing: payload[start...]))
        if code != CSIMDJSON_OK {
            recover(at: start)
        } else {
            mode = hasTooMany(inArray: false) ? .whole(.tooManyEvents, 0, .unspecified) : .values
        }
    }

    private mutating func beginArray(at start: Int) {
        base = start
        let code = reader.index(UnsafeRawBufferPointer(rebasing: payload[start...]))
        position = start + 1
        if code == CSIMDJSON_OK, hasTooMany(inArray: true) {
            mode = .whole(.tooManyEvents, 0, .unspecified)
        } else if code == CSIMDJSON_OK, reader.enterArray() == CSIMDJSON_OK {
            mode = .array
        } else {
            mode = looksLikeUTF16 ? .whole(.invalidUTF8, 0, .utf16) : .elements
        }
    }

    /// Fills `view` with the next piece; returns false at the payload's end.
    package mutating func next(_ view: inout EventView) -> Bool {
        while true {
            let isFilled: Bool
            switch mode {
            case .done: return false
            case .values: isFilled = nextValue(&view)
            case .array: isFilled = nextInArray(&view)
            case .damaged: isFilled = nextDamaged(&view)
            case .elements: isFilled = nextElement(&view)
            case .joined: isFilled = nextJoined(&view)
            case .whole(let rejection, let offset, let cause):
                mode = .done
                reject(payload, as: rejection, at: offset, cause: cause, into: &view)
                isFilled = true
            case .rest(let start):
                rejectBehind(start, &view)
                isFilled = true
            }
            if isFilled {
                pieces.count += 1
                return true
            }
        }
    }

    /// Fills `views` with the next pieces, as many as are valid together; returns their number, 0
    /// at the payload's end.
    ///
    /// Only the last of them may be a rejection.
    package mutating func next(_ views: UnsafeMutableBufferPointer<EventView>) -> Int {
        var count = 0
        repeat {
            guard next(&views[count]) else { break }
            count += 1
        } while count < views.count && views[count - 1].rejection == nil && isPlainAhead()
        return count
    }

    /// Whether the next piece is an event that needs no new index.
    mutating func isPlainAhead() -> Bool {
        switch mode {
        case .values, .array, .joined: break
        case .done, .damaged, .elements, .whole, .rest: return false
        }
        let code = reader.next()
        ahead = code
        return code == CSIMDJSON_OK && reader.found.batch.length == 0
    }

    /// Reads the next value of the indexed part.
    mutating func read() -> csimdjson_code {
        guard let code = ahead else { return reader.next() }
        ahead = nil
        return code
    }

    /// Extends the rejected piece that was last returned by all the rest of the payload, and ends
    /// the payload.
    @inline(never)
    package mutating func joinRest(to view: inout EventView) {
        guard let rejection = view.rejection, view.bytes.baseAddress != nil else { return }
        let (cause, errorOffset) = (view.cause, view.errorOffset)
        rejectRest(from: view.offset, rejection, &view)
        view.cause = cause
        view.errorOffset = errorOffset
    }

    func reject(
        _ bytes: UnsafeRawBufferPointer,
        as rejection: Rejection,
        at offset: Int,
        cause: RejectionCause.Kind,
        into view: inout EventView
    ) {
        view = EventView()
        view.bytes = bytes
        view.offset = self.offset(of: bytes)
        view.rejection = rejection
        view.cause = RejectionCause(cause)
        view.errorOffset = offset
    }

    /// Rejects a part of the payload that could not be read, and diagnoses the cause.
    @inline(never)
    func rejectUnread(
        _ piece: UnsafeRawBufferPointer,
        failure: Failure,
        within: JSONDiagnosis.Start = .text,
        into view: inout EventView
    ) {
        let rejection = Rejection(failure.code)
        reject(piece, as: rejection, at: failure.offset, cause: .unspecified, into: &view)
        guard let finding = JSONDiagnosis.finding(rejection, in: piece, within) else { return }
        view.cause = finding.cause
        view.errorOffset = offset(of: piece) + finding.offset
    }

    /// Fills `view` from the object last read: an event, or a rejection by a rule that only events
    /// have.
    mutating func accept(_ view: inout EventView) {
        reader.view(into: &view)
        let offset = base + reader.found.object.start
        if view.bytes.count > limits.eventBytesMax {
            reject(view.bytes, as: .tooLarge, at: offset, cause: .eventTooLarge, into: &view)
        } else if reader.found.has_reserved_key {
            let key = base + reader.found.reserved.start
            reject(view.bytes, as: .reservedKey, at: key, cause: .unspecified, into: &view)
        } else {
            let copied = inherited.handDown(
                to: &view,
                hasContext: reader.found.has_context,
                hasSentAt: reader.found.has_sent_at
            )
            if copied > 0 { limitCopy(bytes: copied, at: offset, &view) }
        }
    }

    /// Rejects an event that inherits more than one may, or for which too little of the message's
    /// allowance is left.
    @inline(never)
    private mutating func limitCopy(bytes: Int, at offset: Int, _ view: inout EventView) {
        let members = view.inheritedContext.count + view.inheritedSentAt.count
        if members > limits.eventBytesMax {
            reject(view.bytes, as: .tooLarge, at: offset, cause: .tooMuchHandedDown, into: &view)
        } else if !inherited.isFirstCopy(), !pieces.copies.take(bytes: bytes) {
            reject(view.bytes, as: .tooLarge, at: offset, cause: .tooManyCopies, into: &view)
        }
    }
}

extension PayloadReader {
    /// Whether the indexed payload has more events than a message may have.
    ///
    /// Counting walks the payload, so it is done only if the number of structural characters allows
    /// that many events.
    private mutating func hasTooMany(inArray: Bool) -> Bool {
        if inArray {
            guard reader.structurals / 2 > pieces.max else { return false }
            if reader.enterArray() != CSIMDJSON_OK { return false }
        } else {
            // Each value must end its line, so there are no more pieces than lines.
            guard reader.structurals > pieces.max, lineCount > pieces.max else {
                return false
            }
        }
        var count = 0
        var code = reader.next()
        while code == CSIMDJSON_OK || code == CSIMDJSON_NOT_AN_OBJECT {
            count += 1
            code = reader.next()
        }
        _ = reader.index(UnsafeRawBufferPointer(rebasing: payload[base...]))
        return count > pieces.max
    }

    private var lineCount: Int {
        payload.reduce(into: 1) { count, byte in count += byte == UInt8(ascii: "\n") ? 1 : 0 }
    }

    /// Whether the indexed array has more than `count` elements; afterwards it is indexed again.
    mutating func arrayHasMore(than count: Int, _ array: UnsafeRawBufferPointer) -> Bool {
        guard reader.structurals / 2 > count, reader.enterArray() == CSIMDJSON_OK else {
            return false
        }
        var elements = 0
        while elements <= count, reader.next() == CSIMDJSON_OK { elements += 1 }
        _ = reader.index(array)
        return elements > count
    }

    func endOfLine(at start: Int) -> Int {
        payload[start...].firstIndex(of: UInt8(ascii: "\n")) ?? payload.count
    }

    /// Returns a part of the payload without the surrounding white space.
    func trimmed(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        Self.trimmed(UnsafeRawBufferPointer(rebasing: payload[start..<end]))
    }

    private static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (start, end) = (0, bytes.count)
        while start < end, bytes[start].isJSONSpace { start += 1 }
        while end > start, bytes[end - 1].isJSONSpace { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }
}

extension UInt8 {
    /// Whether the byte is white space by RFC 8259, section 2.
    package var isJSONSpace: Bool {
        self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09
    }
}
