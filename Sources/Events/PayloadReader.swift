import CSimdJSON

/// Takes a message's payload apart into events and pieces that cannot be accepted.
///
/// One thread at a time.
///
/// A payload is an object, objects a line each (NDJSON), an array of objects, or an object whose
/// `batch` is an array of objects. The whole payload is indexed once; only where something is wrong
/// with it is the rest read line by line or element by element, so that one bad event costs no good
/// one, in time linear in the payload's size:
///
///     values ──error, batch──► lines          array ──error──► elements
///
/// Payloads that look like one object each can be read together (``JoinedPayloads``).
///
/// Nothing is lost: every byte that is not white space, a separator or a batch's envelope ends up
/// in an event or in a rejection.
package struct PayloadReader: ~Copyable {
    enum Mode {
        case done
        /// Objects one after the other, indexed at ``base``.
        case values
        /// Elements of an array, indexed at ``base``.
        case array
        /// One line at a time from ``position``, each indexed by itself.
        case lines
        /// One element at a time from ``position``, each indexed by itself.
        case elements
        /// The whole payload is one rejection.
        case whole(Rejection, Int)
        /// ``JoinedPayloads``, indexed together.
        case joined
    }

    /// Pieces that are worth reading at once: what a piece needs comes from memory meanwhile, and its
    /// bytes are still in the processor's first cache when it is written.
    package static let burstSize = 16

    let limits: PayloadLimits
    /// Events and rejected pieces that the current payload may have.
    var eventsMax = 0
    var reader: EventReader
    var payload = UnsafeRawBufferPointer(start: nil, count: 0)
    var mode = Mode.done
    /// Where the indexed part starts in the payload.
    var base = 0
    /// How far line and element reading have come.
    var position = 0
    /// Whether an event ended with its line and more follows: the payload is NDJSON.
    var hasReadLine = false
    /// After a batch, where reading goes on by lines; nil when not in one.
    var resumeAfterBatch: Int?
    /// Where the last batch's envelope begins in the payload; -1 before the first.
    var envelopeStart = -1
    var inherited = Inherited()
    /// Pieces of this payload given so far.
    var pieces = 0
    /// Bytes of this payload's envelopes handed down so far, each time counted.
    var handedDownBytes = 0
    /// What the reader came to when it was asked ahead of its turn.
    private var ahead: csimdjson_code?
    /// Where each of joined payloads ends.
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
    /// `piecesMax`: the most events and rejected pieces that this one may have, where that is less
    /// than ``PayloadLimits/eventsMax``.
    package mutating func begin(_ payload: UnsafeRawBufferPointer, piecesMax: Int = .max) {
        restart(payload)
        eventsMax = min(limits.eventsMax, piecesMax)
        guard let first = payload.firstIndex(where: { !$0.isJSONSpace }) else {
            mode = .whole(.invalidJSON, 0)
            return
        }
        if payload[first] == UInt8(ascii: "[") {
            beginArray(at: first)
        } else {
            beginValues()
        }
    }

    /// Forgets the payload before this one.
    mutating func restart(_ payload: UnsafeRawBufferPointer) {
        self.payload = payload
        base = 0
        position = 0
        resumeAfterBatch = nil
        envelopeStart = -1
        hasReadLine = false
        inherited.clear()
        pieces = 0
        handedDownBytes = 0
        ahead = nil
    }

    private mutating func beginValues() {
        let code = reader.index(payload)
        if code == CSIMDJSON_OK {
            mode = hasTooMany(inArray: false) ? .whole(.tooManyEvents, 0) : .values
        } else if looksLikeLines(from: 0) {
            mode = lineCount > eventsMax ? .whole(.tooManyEvents, 0) : .lines
        } else {
            mode = .whole(Rejection(code), reader.errorOffset)
        }
    }

    private mutating func beginArray(at start: Int) {
        base = start
        let code = reader.index(UnsafeRawBufferPointer(rebasing: payload[start...]))
        position = start + 1
        if code == CSIMDJSON_OK, hasTooMany(inArray: true) {
            mode = .whole(.tooManyEvents, 0)
        } else if code == CSIMDJSON_OK, reader.enterArray() == CSIMDJSON_OK {
            mode = .array
        } else {
            mode = .elements
        }
    }

    /// Gives the next piece; false at the payload's end.
    package mutating func next(_ view: inout EventView) -> Bool {
        while true {
            let isFilled: Bool
            switch mode {
            case .done: return false
            case .values: isFilled = nextValue(&view)
            case .array: isFilled = nextInArray(&view)
            case .lines: isFilled = nextLine(&view)
            case .elements: isFilled = nextElement(&view)
            case .joined: isFilled = nextJoined(&view)
            case .whole(let rejection, let offset):
                mode = .done
                reject(payload, rejection, at: offset, &view)
                isFilled = true
            }
            if isFilled {
                pieces += 1
                return true
            }
        }
    }

    /// Gives the next pieces, as many as stay valid together and no more than there are places; 0 at
    /// the payload's end.
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

    /// Gives all that is not yet read as one rejected piece, and ends the payload; false when nothing
    /// is left.
    ///
    /// Of a batch that has already begun, its envelope's beginning is not part of that piece.
    @inline(never)
    package mutating func takeRest(_ view: inout EventView, _ rejection: Rejection) -> Bool {
        let (given, begun) = (pieces, envelopeStart)
        guard next(&view) else { return false }
        let isFirstOfBatch = envelopeStart != begun
        let start = isFirstOfBatch ? envelopeStart : offset(of: view.bytes)
        rejectRest(from: given == 0 ? 0 : start, rejection, &view)
        return true
    }

    /// Whether the next piece is an event that can be given without a new index.
    private mutating func isPlainAhead() -> Bool {
        switch mode {
        case .values, .array, .joined: break
        case .done, .lines, .elements, .whole: return false
        }
        let code = reader.next()
        ahead = code
        return code == CSIMDJSON_OK && reader.found.batch.length == 0
    }

    /// What comes next in the indexed part.
    mutating func read() -> csimdjson_code {
        guard let code = ahead else { return reader.next() }
        ahead = nil
        return code
    }

    /// Makes the rejected piece that was last returned one piece with all that is left of the
    /// payload, and ends the payload.
    @inline(never)
    package mutating func joinRest(to view: inout EventView) {
        guard let rejection = view.rejection, !view.bytes.isEmpty else { return }
        let cause = view.errorOffset
        rejectRest(from: offset(of: view.bytes), rejection, &view)
        view.errorOffset = cause
    }

    func reject(
        _ bytes: UnsafeRawBufferPointer,
        _ rejection: Rejection,
        at offset: Int,
        _ view: inout EventView
    ) {
        view = EventView()
        view.bytes = bytes
        view.rejection = rejection
        view.errorOffset = offset
    }

    /// Fills `view` from the object last read: an event, or a rejection for what only an event must
    /// not be.
    mutating func accept(_ view: inout EventView) {
        reader.view(into: &view)
        let offset = base + reader.found.object.start
        if view.bytes.count > limits.eventBytesMax {
            reject(view.bytes, .tooLarge, at: offset, &view)
        } else if reader.found.has_reserved_key {
            reject(view.bytes, .reservedKey, at: offset, &view)
        } else {
            handedDownBytes += inherited.handDown(
                to: &view,
                hasContext: reader.found.has_context,
                hasSentAt: reader.found.has_sent_at
            )
            let members = view.inheritedContext.count + view.inheritedSentAt.count
            if members > limits.eventBytesMax || handedDownBytes > limits.handedDownBytesMax {
                reject(view.bytes, .tooLarge, at: offset, &view)
            }
        }
    }
}

extension PayloadReader {
    /// Whether the indexed payload has more events than a message may.
    ///
    /// Counting takes a walk, so it is done only where the number of structural characters allows
    /// so many at all.
    private mutating func hasTooMany(inArray: Bool) -> Bool {
        if inArray {
            guard reader.structurals / 2 > eventsMax else { return false }
            if reader.enterArray() != CSIMDJSON_OK { return false }
        } else {
            // Each value must end its line, so there are no more pieces than lines.
            guard reader.structurals > eventsMax, lineCount > eventsMax else {
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
        return count > eventsMax || (code != CSIMDJSON_END && lineCount > eventsMax)
    }

    private var lineCount: Int {
        payload.reduce(into: 1) { count, byte in count += byte == UInt8(ascii: "\n") ? 1 : 0 }
    }

    /// Whether the indexed array has more than `count` elements; it is indexed afresh afterwards.
    mutating func arrayHasMore(than count: Int, _ array: UnsafeRawBufferPointer) -> Bool {
        guard reader.structurals / 2 > count, reader.enterArray() == CSIMDJSON_OK else {
            return false
        }
        var elements = 0
        while elements <= count, reader.next() == CSIMDJSON_OK { elements += 1 }
        _ = reader.index(array)
        return elements > count
    }

    private func mostLinesAreWhole() -> Bool {
        var (lines, whole) = (0, 0)
        var at = 0
        while at < payload.count {
            let line = Self.trimmed(self.line(at: at))
            if !line.isEmpty { lines += 1 }
            // Objects inside a pretty-printed one are indented.
            if payload[at] == UInt8(ascii: "{"), line.last == UInt8(ascii: "}") { whole += 1 }
            at = endOfLine(at: at) + 1
        }
        return lines > 1 && whole * 2 >= lines
    }

    /// Whether a text that is not valid as a whole is best read line by line: its first line ends
    /// like an object, its second begins like one, or at least half of all lines could be objects.
    ///
    /// In an object printed over several lines the first ends in `{`, `[` or a comma, and the
    /// second begins with a key; a broken one stays in one piece.
    func looksLikeLines(from start: Int) -> Bool {
        guard let first = nextLine(from: start), let second = nextLine(from: first.end) else {
            return false
        }
        return first.text.last == UInt8(ascii: "}") || second.text.first == UInt8(ascii: "{")
            || mostLinesAreWhole()
    }

    /// The next line with anything in it, trimmed, and where the one behind it starts.
    private func nextLine(from start: Int) -> (text: UnsafeRawBufferPointer, end: Int)? {
        var at = start
        while at < payload.count {
            let text = Self.trimmed(line(at: at))
            at = min(endOfLine(at: at) + 1, payload.count)
            if !text.isEmpty { return (text, at) }
        }
        return nil
    }

    func endOfLine(at start: Int) -> Int {
        payload[start...].firstIndex(of: UInt8(ascii: "\n")) ?? payload.count
    }

    func line(at start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: payload[start..<endOfLine(at: start)])
    }

    static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (start, end) = (0, bytes.count)
        while start < end, bytes[start].isJSONSpace { start += 1 }
        while end > start, bytes[end - 1].isJSONSpace { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }
}

extension UInt8 {
    /// White space by RFC 8259, section 2.
    var isJSONSpace: Bool {
        self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09
    }
}
