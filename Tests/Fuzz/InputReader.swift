/// Takes the choices that a target makes out of an input, from its start.
///
/// An input that is over yields zeros, so every input is a whole one.
struct InputReader {
    private var rest: UnsafeRawBufferPointer.SubSequence

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// Below `limit`, which is 1 or more.
    mutating func number(below limit: Int) -> Int {
        (Int(byte()) << 8 | Int(byte())) % limit
    }

    /// At most so many bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return taken
    }

    mutating func all() -> [UInt8] { bytes(rest.count) }

    /// All of the rest in pieces, each with its length ahead of it.
    mutating func pieces(atMost limit: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        while !isEmpty, pieces.count < limit { pieces.append(bytes(1 + Int(byte()))) }
        return pieces
    }
}
