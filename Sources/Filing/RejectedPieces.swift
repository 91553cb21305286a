import Events

/// What of one message was rejected so far, and how its bytes are kept.
///
/// Nothing may cost more than it brought: at most ``piecesMax`` pieces are kept one by one, the rest
/// of the message as one; and pieces of a message that came compressed take, together, no more text
/// than the message has bytes. What goes beyond refers to the message, which is kept once, as it came.
struct RejectedPieces {
    /// Rejected pieces that have a line each.
    static let piecesMax = 100

    /// Of a line in quarantine, beside the piece itself.
    private static let metadataBytesMax = 8_192

    /// Rejected so far.
    private(set) var count = 0
    /// The message as it came and as it was inflated; empty when it came uncompressed.
    private let compressed: UnsafeRawBufferPointer
    private let inflated: UnsafeRawBufferPointer
    /// Bytes of pieces that may still be kept as they are.
    private var bytesLeft: Int
    /// The number of the line that has the message.
    private var keptIn: UInt64?

    /// Of a message that came as it is read.
    init() {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        self.init(compressed: none, inflated: none)
    }

    /// Of a message that came compressed.
    init(compressed: UnsafeRawBufferPointer, inflated: UnsafeRawBufferPointer) {
        self.compressed = compressed
        self.inflated = inflated
        bytesLeft = compressed.count
    }

    /// Events and rejected pieces that a message of so many bytes, as it came, may have: an event has
    /// two bytes and something between it and the next one, so this only limits compressed messages.
    static func piecesMax(messageBytes: Int) -> Int {
        1_000 + messageBytes / 2
    }

    /// Bytes that a message of so many bytes may inflate to.
    static func inflatedBytesMax(messageBytes: Int) -> Int {
        let (bytes, overflow) = messageBytes.multipliedReportingOverflow(by: 100)
        return overflow ? .max : min(bytes, .max - 65_536) + 65_536
    }

    var isOfPlainMessage: Bool { compressed.isEmpty }

    /// Counts a piece; false when it is one too many, so that all that is left is one piece with it.
    mutating func add() -> Bool {
        count += 1
        return count <= Self.piecesMax
    }

    /// Bytes that the line of a piece may have: text that would be longer than base64 is base64.
    func lineBytesMax(_ piece: UnsafeRawBufferPointer) -> Int {
        let isText = compressed.isEmpty || piece.count <= bytesLeft
        return (isText ? piece.count : compressed.count) / 3 * 4 + Self.metadataBytesMax
    }

    /// How a piece is kept in the line of number `sequence`.
    mutating func payload(
        _ piece: UnsafeRawBufferPointer,
        sequence: UInt64
    ) -> QuarantinedPayload {
        guard !compressed.isEmpty, piece.count > bytesLeft,
            let start = piece.baseAddress, let first = inflated.baseAddress
        else {
            bytesLeft -= min(bytesLeft, piece.count)
            return QuarantinedPayload(piece)
        }
        let place = QuarantinedPayload.Place(
            sequence: keptIn ?? sequence,
            offset: start - first
        )
        if keptIn != nil { return QuarantinedPayload(piece, at: place) }
        keptIn = sequence
        return QuarantinedPayload(piece, in: compressed, at: place)
    }
}
