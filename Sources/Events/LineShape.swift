/// The outward form of a line in damaged text.
enum LineShape {
    case blank
    /// Begins with a brace in its first column and ends with the bracket that closes it, as a line
    /// of NDJSON does.
    case whole
    case other

    /// `line`: without its line feed.
    init(_ line: UnsafeRawBufferPointer, _ brackets: inout BracketScanner) {
        guard let last = line.lastIndex(where: { !$0.isJSONSpace }) else {
            self = .blank
            return
        }
        let isWhole = line[0] == UInt8(ascii: "{") && brackets.end(of: 0, in: line) == last + 1
        self = isWhole ? .whole : .other
    }
}
