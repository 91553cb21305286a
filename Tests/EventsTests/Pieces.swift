import Events

/// A piece of a payload with everything copied out of the reader.
struct Piece: Equatable {
    var text: [UInt8]
    var rejection: Rejection?
    var errorOffset: Int
    var channel: String
    var time: String
    var id: String
    var name: String
    var hasLineBreaks: Bool
    var context: String
    var sentAt: String
    /// Where it starts in the payload; -1 for an empty one.
    var start: Int

    var string: String { String(decoding: text, as: UTF8.self) }
    var isEvent: Bool { rejection == nil }
}

private func string(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes, as: UTF8.self)
}

/// Reads a payload to its end; stops after more pieces than the payload could ever have.
func pieces(_ payload: [UInt8], _ reader: inout PayloadReader) -> [Piece] {
    // A heap copy of exactly this size: reading beyond it is what a sanitizer would see.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: payload)
    let bytes = UnsafeRawBufferPointer(memory)
    var found: [Piece] = []
    var view = EventView()
    reader.begin(bytes)
    while reader.next(&view), found.count <= payload.count + 1 {
        var start = -1
        if !view.bytes.isEmpty, let base = bytes.baseAddress, let at = view.bytes.baseAddress {
            start = at - base
        }
        found.append(
            Piece(
                text: Array(view.bytes), rejection: view.rejection, errorOffset: view.errorOffset,
                channel: string(view.channel), time: string(view.time), id: string(view.id),
                name: string(view.name), hasLineBreaks: view.hasLineBreaks,
                context: string(view.inheritedContext), sentAt: string(view.inheritedSentAt),
                start: start))
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

/// The texts of the events, and the codes of what is none, in order.
func verdicts(_ payload: String, limits: PayloadLimits = PayloadLimits()) -> [String] {
    pieces(payload, limits: limits).map { $0.rejection?.rawValue ?? $0.string }
}
