import Compression
import Events

/// A message's payload: inflated if it is gzip, then read as events and rejected pieces.
enum PayloadTarget {
    private static let inflatedBytesMax = 1 << 20
    private static let limits = [
        PayloadLimits(),
        PayloadLimits(eventBytesMax: 200, eventsMax: 50, depthMax: 8),
    ]

    /// A piece without its bytes.
    private struct Piece: Equatable {
        var start: Int
        var count: Int
        var rejection: Rejection?
        var id: [UInt8]
        var channel: [UInt8]
        var inherited: Int
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let choice = Int(bytes.first ?? 0)
        let payload = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        let limits = limits[choice % limits.count]
        read(payload, limits)
        guard payload.starts(with: [0x1F, 0x8B]) else { return }
        var inflater = Inflater()
        var text = GrowableBuffer()
        let outcome = inflater.inflate(payload, into: &text, limit: inflatedBytesMax)
        guard text.count <= inflatedBytesMax + 1 else { violated("\(text.count) bytes inflated") }
        switch outcome {
        case .ok(let count):
            guard count == text.count else { violated("another count of inflated bytes") }
            read(text.bytes, limits)
        case .tooLarge: break
        case .failed(let offset, _):
            guard (0...payload.count).contains(offset) else { violated("a fault at \(offset)") }
        }
    }

    private static func read(_ payload: UnsafeRawBufferPointer, _ limits: PayloadLimits) {
        // On the heap and of exactly this size, so that a sanitizer sees reads beyond it.
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: payload.count,
            alignment: 1
        )
        defer { memory.deallocate() }
        memory.copyMemory(from: payload)
        let text = UnsafeRawBufferPointer(memory)
        var reader = PayloadReader(limits: limits)
        let single = pieces(of: text, &reader, burst: 1)
        let burst = pieces(of: text, &reader, burst: PayloadReader.burstSize)
        guard single == burst else { violated("bursts matter:\n\(single)\n\(burst)") }
        guard single.count <= limits.eventsMax + 2 else { violated("\(single.count) pieces") }
        checkOrder(single, text)
    }

    private static func pieces(
        of text: UnsafeRawBufferPointer,
        _ reader: inout PayloadReader,
        burst: Int
    ) -> [Piece] {
        let views = UnsafeMutableBufferPointer<EventView>.allocate(capacity: burst)
        views.initialize(repeating: EventView())
        defer { views.deallocate() }
        reader.begin(text)
        var found: [Piece] = []
        while true {
            let count = reader.next(views)
            if count == 0 { return found }
            for view in views[..<count] { found.append(piece(view, text)) }
            // Only an empty payload has more pieces than bytes.
            guard found.count <= text.count + 1 else { violated("pieces without end") }
        }
    }

    private static func piece(_ view: EventView, _ text: UnsafeRawBufferPointer) -> Piece {
        var start = 0
        if let base = text.baseAddress, let first = view.bytes.baseAddress { start = first - base }
        guard start >= 0, start + view.bytes.count <= text.count else {
            violated("a piece outside its payload")
        }
        if view.rejection != nil {
            guard (0...text.count).contains(view.errorOffset), !view.detail.isEmpty else {
                violated("a rejection at \(view.errorOffset) of \(text.count)")
            }
        } else if view.bytes.first != UInt8(ascii: "{") || view.bytes.last != UInt8(ascii: "}") {
            violated("an event that is no object")
        }
        return Piece(
            start: start,
            count: view.bytes.count,
            rejection: view.rejection,
            id: Array(view.id),
            channel: Array(view.channel),
            inherited: view.inheritedContext.count + view.inheritedSentAt.count
        )
    }

    /// Nothing is read twice: pieces follow each other.
    private static func checkOrder(_ pieces: [Piece], _ text: UnsafeRawBufferPointer) {
        var end = 0
        for piece in pieces where piece.rejection == nil {
            guard piece.start >= end else { violated("an event at \(piece.start) is read twice") }
            end = piece.start + piece.count
        }
    }
}
