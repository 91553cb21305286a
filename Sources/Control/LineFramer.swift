/// Splits a byte stream into lines.
///
/// A value without I/O.
///
/// A line ends with LF; a CR before it is left to the caller. A line longer than `lineBytesMax` is
/// reported once, and everything after it is dropped: the start of the next line would be
/// unreliable.
struct LineFramer {
    /// An item of the input.
    enum Piece: Equatable {
        case line([UInt8])
        case tooLong
    }

    private let lineBytesMax: Int
    private var partial: [UInt8] = []
    private var isBroken = false

    init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    /// Adds the next bytes of the stream and returns the lines that they complete.
    mutating func append(_ bytes: some Collection<UInt8>) -> [Piece] {
        guard !isBroken else { return [] }
        var pieces: [Piece] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            guard add(rest[..<end]) else { return pieces + [.tooLong] }
            pieces.append(.line(partial))
            partial.removeAll(keepingCapacity: true)
            rest = rest[rest.index(after: end)...]
        }
        guard add(rest) else { return pieces + [.tooLong] }
        return pieces
    }

    /// Returns the last line, if the stream ended without LF.
    mutating func finish() -> Piece? {
        guard !isBroken, !partial.isEmpty else { return nil }
        defer { partial = [] }
        return .line(partial)
    }

    private mutating func add(_ bytes: some Collection<UInt8>) -> Bool {
        guard bytes.count <= lineBytesMax - partial.count else {
            isBroken = true
            partial = []
            return false
        }
        partial.append(contentsOf: bytes)
        return true
    }
}
