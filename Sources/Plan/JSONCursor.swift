import Events

/// Reads a text that is known to be JSON, value by value, without building anything.
struct JSONCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var at: Int

    init(_ bytes: UnsafeRawBufferPointer, at start: Int = 0) {
        self.bytes = bytes
        at = start
    }

    /// The first byte of the next token.
    mutating func next() -> UInt8 {
        while bytes[at].isJSONSpace { at += 1 }
        return bytes[at]
    }

    /// Skips the bracket that opens an array or object; returns whether it is empty, and then skips
    /// the end too.
    mutating func enter() -> Bool {
        at += 1
        let first = next()
        guard first == UInt8(ascii: "]") || first == UInt8(ascii: "}") else { return false }
        at += 1
        return true
    }

    /// Skips what is between two members or elements; returns false after the last.
    mutating func advance() -> Bool {
        let isMore = next() == UInt8(ascii: ",")
        at += 1
        return isMore
    }

    /// Takes the name of a member and the colon behind it; returns it with its quotes.
    mutating func takeName() -> UnsafeRawBufferPointer {
        _ = next()
        let name = takeString()
        _ = next()
        at += 1
        return name
    }

    /// Takes a string with its quotes.
    mutating func takeString() -> UnsafeRawBufferPointer {
        let start = at
        at += 1
        while bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
        at += 1
        return UnsafeRawBufferPointer(rebasing: bytes[start..<at])
    }

    /// Takes a number or a literal.
    mutating func takeLiteral() -> UnsafeRawBufferPointer {
        let start = at
        while at < bytes.count, !Self.ends(bytes[at]) { at += 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<at])
    }

    private static func ends(_ byte: UInt8) -> Bool {
        byte.isJSONSpace || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]")
            || byte == UInt8(ascii: "}")
    }

    /// Skips the next value.
    mutating func skip() {
        var depth = 0
        repeat {
            switch next() {
            case UInt8(ascii: "\""): _ = takeString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                at += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): at += 1
            default: _ = takeLiteral()
            }
        } while depth > 0
    }

    /// Returns the text of a string with its quotes.
    static func text(_ string: UnsafeRawBufferPointer) -> String {
        if string.contains(UInt8(ascii: "\\")) {
            let value = try? SchemaText.parse(Array(string))
            return value?.string ?? ""
        }
        return String(decoding: string.dropFirst().dropLast(), as: UTF8.self)
    }
}
