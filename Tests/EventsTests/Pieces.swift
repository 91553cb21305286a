import Events
import Testing

/// A piece of a payload, with all its fields copied from the reader.
struct Piece: Equatable {
    var text: [UInt8]
    var rejection: Rejection?
    var errorOffset: Int
    var detail: String
    var channel: String
    var time: String
    var id: String
    var name: String
    var hasLineBreaks: Bool
    var context: String
    var sentAt: String
    /// The offset of its start in the payload; -1 for an empty one.
    var start: Int

    var string: String { String(decoding: text, as: UTF8.self) }
    var isEvent: Bool { rejection == nil }
}

private func string(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes, as: UTF8.self)
}

extension Piece {
    init(_ view: EventView, in payload: UnsafeRawBufferPointer) {
        start = -1
        if !view.bytes.isEmpty, let base = payload.baseAddress, let at = view.bytes.baseAddress {
            start = at - base
        }
        text = Array(view.bytes)
        rejection = view.rejection
        errorOffset = view.errorOffset
        detail = view.rejection == nil ? "" : view.detail
        if view.rejection != nil, start >= 0 {
            #expect(view.offset == start)
            #expect(view.errorOffset >= 0 && view.errorOffset <= payload.count)
        }
        channel = EventsTests.string(view.channel)
        time = EventsTests.string(view.time)
        id = EventsTests.string(view.id)
        name = EventsTests.string(view.name)
        hasLineBreaks = view.hasLineBreaks
        context = EventsTests.string(view.inheritedContext)
        sentAt = EventsTests.string(view.inheritedSentAt)
    }
}

/// Reads a payload to its end, one piece at a time and in bursts, whose results must agree.
func pieces(_ payload: [UInt8], _ reader: inout PayloadReader) -> [Piece] {
    // A heap copy of exactly this size, so that a sanitizer detects reads beyond it.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: payload)
    let bytes = UnsafeRawBufferPointer(memory)
    var found: [Piece] = []
    var view = EventView()
    reader.begin(bytes)
    // Only an empty payload has more pieces than bytes.
    while reader.next(&view), found.count <= payload.count + 1 {
        found.append(Piece(view, in: bytes))
    }
    for size in [2, 16] { #expect(bursts(bytes, &reader, of: size) == found) }
    return found
}

/// Reads the pieces of a payload in bursts, each copied after its whole burst was read.
private func bursts(
    _ payload: UnsafeRawBufferPointer,
    _ reader: inout PayloadReader,
    of size: Int
) -> [Piece] {
    let views = UnsafeMutableBufferPointer<EventView>.allocate(capacity: size)
    views.initialize(repeating: EventView())
    defer { views.deallocate() }
    var found: [Piece] = []
    reader.begin(payload)
    while found.count <= payload.count + 1 {
        let count = reader.next(views)
        if count == 0 { break }
        #expect(
            views[..<(count - 1)].allSatisfy { $0.rejection == nil },
            "a rejection ends its burst"
        )
        found += views[..<count].map { Piece($0, in: payload) }
    }
    return found
}

func pieces(_ payload: [UInt8], limits: PayloadLimits = PayloadLimits()) -> [Piece] {
    var reader = PayloadReader(limits: limits)
    return pieces(payload, &reader)
}

func pieces(_ payload: String, limits: PayloadLimits = PayloadLimits()) -> [Piece] {
    pieces(Array(payload.utf8), limits: limits)
}

/// Returns the texts of the events, and the codes of the rejections, in order.
func verdicts(_ payload: String, limits: PayloadLimits = PayloadLimits()) -> [String] {
    pieces(payload, limits: limits).map { $0.rejection?.rawValue ?? $0.string }
}
