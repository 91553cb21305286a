import Compression
import Events
import Intake
import Plan

/// Reads messages in bursts: one message alone, inflated if it is gzip, or several of one event
/// each together.
struct MessageReader: ~Copyable {
    /// The result of ``next(_:)``.
    enum Progress {
        /// The burst has at least one event or piece.
        case read
        /// There is more to inflate; call again.
        case inflating
        /// The message is over.
        case ended
    }

    /// The most bytes that are inflated before the reader returns.
    private static let inflationStep = 1 << 20

    private enum State {
        case reading, inflating, ended
    }

    private let inflatedBytesMax: Int
    private let depthMax: Int
    private let figures: PlanFigures
    private let book: DriftBook
    private let drift = DriftTally()
    private var payloads: PayloadReader
    /// What is done with events while they are read; nil if nothing is wanted of any.
    private var allWork: EventWork?
    /// Whether anything is wanted of the events of the current messages' source.
    private(set) var isWanted = false
    /// Whether there is any work: a test that counts no references.
    private var hasWork = false
    /// Whether the plan may send events to quarantine.
    private(set) var isPlanEnforced = false
    private var inflater = Inflater()
    private var inflated = GrowableBuffer()
    private var state = State.ended
    /// The source of the current messages.
    private var source = 0
    private var list: StaticString?
    /// Whether the message could not be inflated to its end.
    private var isCut = false
    private var payload = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The rejected pieces of the message so far.
    var rejections = RejectedPieces()

    init(_ configuration: FilingConfiguration) {
        figures = configuration.planFigures
        book = configuration.drift
        depthMax = configuration.limits.depthMax
        payloads = PayloadReader(limits: configuration.limits)
        inflatedBytesMax = configuration.inflatedBytesMax
    }

    /// What is done with the current messages' events while they are read; nil for nothing.
    var work: EventWork? { isWanted ? allWork : nil }

    /// Begins a message; `payload` must stay unchanged until the last burst was filed.
    ///
    /// - `source`: whose events it has.
    /// - `isDeflated`: it may be a zlib stream.
    /// - `list`: the member in which its events are, if not `batch`.
    mutating func begin(
        _ payload: UnsafeRawBufferPointer,
        source: Int,
        isDeflated: Bool = false,
        list: StaticString? = nil
    ) {
        begin(source: source)
        self.payload = payload
        self.list = list
        isCut = false
        if isDeflated, Self.isZlib(payload) { return beginInflating() }
        // RFC 1952, section 2.3.1.
        if payload.count >= 2, payload[0] == 0x1F, payload[1] == 0x8B { return beginInflating() }
        beginRejections()
        begin(payload, piecesMax: .max)
        state = .reading
    }

    @inline(never)
    private mutating func beginWork() { isWanted = allWork?.begin(source: source) ?? false }

    /// The events of a text in which they are elements of a list, or the text.
    @inline(never)
    private func split(_ text: UnsafeRawBufferPointer, bytes: Int) -> UnsafeRawBufferPointer {
        allWork?.split(text, messageBytes: bytes) ?? text
    }

    @inline(never)
    private func workSplits(source: Int) -> Bool { allWork?.splits(source: source) ?? false }

    @inline(__always)
    private mutating func begin(source: Int) {
        self.source = source
        if hasWork { beginWork() }
    }

    @inline(__always)
    private mutating func begin(
        _ text: UnsafeRawBufferPointer,
        piecesMax: Int,
        messageBytes: Int? = nil
    ) {
        guard let list else {
            var text = text
            let bytes = messageBytes ?? text.count
            if isWanted { text = split(text, bytes: bytes) }
            return payloads.begin(text, piecesMax: piecesMax, messageBytes: bytes)
        }
        payloads.begin(text, list: list, piecesMax: piecesMax, messageBytes: messageBytes)
    }

    /// Whether messages of a source must be read one by one.
    func splits(source: Int) -> Bool { hasWork && workSplits(source: source) }

    /// What was inflated of a message that could not be inflated to its end; nil for others.
    var inflatedPart: UnsafeRawBufferPointer? { isCut ? inflated.bytes : nil }

    /// Whether a payload begins as RFC 1950, section 2.2, says.
    private static func isZlib(_ payload: UnsafeRawBufferPointer) -> Bool {
        payload.count >= 2 && payload[0] & 0x0F == 8
            && (Int(payload[0]) << 8 | Int(payload[1])).isMultiple(of: 31)
    }

    /// The message, inflated.
    var text: UnsafeRawBufferPointer { rejections.isOfPlainMessage ? payload : inflated.bytes }

    /// Begins messages that are read as one text; reading ends early at the first that is not one
    /// event.
    mutating func begin(_ joined: borrowing JoinedPayloads, source: Int) {
        begin(source: source)
        payloads.begin(joined)
        state = .reading
    }

    @inline(never)
    private mutating func beginInflating() {
        inflater.begin(
            payload,
            into: &inflated,
            limit: Inflater.Limit(
                bytesMax: inflatedBytesMax,
                start: RejectedPieces.inflatedBytesStart,
                perByte: RejectedPieces.inflatedBytesPerByte
            )
        )
        state = .inflating
    }

    /// Reads the next events of the message into the burst.
    mutating func next(_ burst: inout EventBurst) -> Progress {
        if state == .reading {
            let count = isWanted ? nextChecked(burst) : payloads.next(burst.views)
            if count > 0 {
                burst.begin(count)
                return .read
            }
            state = .ended
        }
        return state == .ended ? .ended : inflate(&burst)
    }

    @inline(never)
    private mutating func nextChecked(_ burst: borrowing EventBurst) -> Int {
        guard let allWork else { return payloads.next(burst.views) }
        return payloads.next(burst.views, showing: allWork)
    }

    /// Sets what is wanted of messages that are read from now on; nil for nothing.
    mutating func setWants(_ wants: EventWants?) {
        moveNotes()
        allWork = wants.map { EventWork($0, depthMax: depthMax, drift: drift) }
        isPlanEnforced = wants?.sources.contains { $0?.mode == .enforce } ?? false
        // In the middle of a message as well.
        hasWork = allWork != nil
        beginWork()
    }

    /// Adds what was noted of events to that of the run.
    func moveNotes() { allWork?.moveNotes(to: figures, book) }

    @inline(never)
    private mutating func inflate(_ burst: inout EventBurst) -> Progress {
        guard
            let outcome = inflater.step(payload, into: &inflated, bytesMax: Self.inflationStep)
        else { return .inflating }
        var view = EventView()
        view.bytes = payload
        switch outcome {
        case .ok:
            let piecesMax = RejectedPieces.piecesMax(messageBytes: payload.count)
            begin(inflated.bytes, piecesMax: piecesMax, messageBytes: payload.count)
            rejections = RejectedPieces(compressed: payload, inflated: inflated.bytes)
            state = .reading
            return next(&burst)
        case .tooLarge:
            view.rejection = .tooLarge
        case .failed(let offset, _):
            view.rejection = .inflateFailed
            view.errorOffset = offset
        }
        // The piece is the message itself.
        isCut = true
        beginRejections()
        burst.views[0] = view
        burst.begin(1)
        state = .ended
        return .read
    }

    /// Resets the rejections, as for a new uncompressed message.
    mutating func beginRejections() {
        rejections = RejectedPieces()
    }

    /// Counts the burst's last piece as rejected; one beyond the maximum includes the rest of the
    /// message.
    mutating func countRejection(_ burst: borrowing EventBurst, _ at: Int) {
        if !rejections.add() { payloads.joinRest(to: &burst.views[at]) }
    }

    /// Returns the offset of a piece in the message, or in its inflated form.
    func offset(of piece: UnsafeRawBufferPointer) -> Int {
        let isCompressed = !rejections.isOfPlainMessage
        guard let start = piece.baseAddress,
            let text = isCompressed ? inflated.bytes.baseAddress : payload.baseAddress
        else { return 0 }
        // A copy is not in the text.
        let end = text + (isCompressed ? inflated.count : payload.count)
        return start >= text && start < end ? start - text : 0
    }
}
