import Events

/// The rejected pieces of one message so far, and the form in which their bytes are stored.
///
/// The stored text is limited by the message: at most ``piecesMax`` pieces are stored one by one,
/// the rest of the message as one. Pieces of a compressed message take, together, no more text than
/// the message has bytes. Further ones refer to the message, which is stored once, as received.
struct RejectedPieces {
    /// The most rejected pieces with a line each.
    static let piecesMax = 100

    /// The most bytes to which a message may inflate for each of its bytes, beyond the start.
    static let inflatedBytesPerByte = 100
    /// The bytes to which every message may inflate.
    static let inflatedBytesStart = 65_536

    /// The bytes of a line in quarantine besides the piece itself.
    private static let metadataBytesMax = 8_192

    /// The number of rejected pieces so far.
    private(set) var count = 0
    /// The message as received and as inflated; empty if it was uncompressed.
    private var compressed: UnsafeRawBufferPointer
    private let inflated: UnsafeRawBufferPointer
    /// The bytes of pieces that may still be stored as they are.
    private var bytesLeft: Int
    /// The number of the line that has the message.
    private var keptIn: UInt64?
    /// Whether the message that is stored has no keys any more.
    private var isCovered = false

    /// Creates the state of an uncompressed message.
    init() {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        self.init(compressed: none, inflated: none)
    }

    /// Creates the state of a compressed message.
    init(compressed: UnsafeRawBufferPointer, inflated: UnsafeRawBufferPointer) {
        self.compressed = compressed
        self.inflated = inflated
        bytesLeft = compressed.count
    }

    /// Returns how many events and rejected pieces a message of so many bytes, as received, may
    /// have: an event has two bytes and a separator, so this only limits compressed messages.
    static func piecesMax(messageBytes: Int) -> Int {
        1_000 + messageBytes / 2
    }

    var isOfPlainMessage: Bool { compressed.isEmpty }

    /// Counts a piece; false if it is beyond the maximum, so that the rest of the message joins it.
    mutating func add() -> Bool {
        count += 1
        return count <= Self.piecesMax
    }

    /// The most bytes of a piece's line: text that would be longer than base64 is stored as base64.
    func lineBytesMax(_ piece: UnsafeRawBufferPointer) -> Int {
        let isText = compressed.isEmpty || piece.count <= bytesLeft
        return (isText ? piece.count : compressed.count) / 3 * 4 + Self.metadataBytesMax
    }

    /// Prepares for a piece that may have keys; returns it without them.
    ///
    /// If the message itself will be stored, it is compressed again without keys.
    mutating func covered(
        _ piece: UnsafeRawBufferPointer,
        by cover: KeyCover
    ) -> UnsafeRawBufferPointer {
        if !compressed.isEmpty, piece.count > bytesLeft {
            if !isCovered { compressed = cover.zipped(inflated) ?? compressed }
            isCovered = true
            return piece
        }
        return cover.covered(piece) ?? piece
    }

    /// Returns the form of a piece in the line of number `sequence`.
    ///
    /// `shown`: its bytes as they are stored, as many.
    mutating func payload(
        _ piece: UnsafeRawBufferPointer,
        shown: UnsafeRawBufferPointer,
        sequence: UInt64
    ) -> QuarantinedPayload {
        guard !compressed.isEmpty, piece.count > bytesLeft,
            let start = piece.baseAddress, let first = inflated.baseAddress
        else {
            bytesLeft -= min(bytesLeft, piece.count)
            return QuarantinedPayload(shown)
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
