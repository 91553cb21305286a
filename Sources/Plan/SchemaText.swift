import Events

/// Reads JSON text into a ``SchemaValue``.
package struct SchemaText {
    /// The nesting of a schema or of a value in it.
    static let depthMax = 128

    private let bytes: [UInt8]
    private var at = 0
    private var line = 1

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Returns the one value that `bytes` are.
    package static func parse(_ bytes: [UInt8]) throws(SchemaError) -> SchemaValue {
        var reader = ValueReader(depthMax: depthMax)
        if let offset = bytes.withUnsafeBytes({ reader.read($0) }) {
            let line = 1 + bytes[..<min(offset, bytes.count)].count { $0 == UInt8(ascii: "\n") }
            throw SchemaError(line: line, "not valid JSON, or nested deeper than \(depthMax)")
        }
        var text = SchemaText(bytes)
        return try text.value()
    }

    // From here on the text is known to be JSON.

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at].isJSONSpace {
            if bytes[at] == UInt8(ascii: "\n") { line += 1 }
            at += 1
        }
    }

    private mutating func value() throws(SchemaError) -> SchemaValue {
        skipSpace()
        let start = line
        switch bytes[at] {
        case UInt8(ascii: "{"): return SchemaValue(.object(try members()), line: start)
        case UInt8(ascii: "["): return SchemaValue(.array(try elements()), line: start)
        case UInt8(ascii: "\""): return SchemaValue(.string(string()), line: start)
        default: break
        }
        let begin = at
        while at < bytes.count, !Self.ends(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[begin..<at], as: UTF8.self)
        switch text {
        case "null": return SchemaValue(.null, line: start)
        case "true": return SchemaValue(.boolean(true), line: start)
        case "false": return SchemaValue(.boolean(false), line: start)
        default: return SchemaValue(.number(text), line: start)
        }
    }

    private static func ends(_ byte: UInt8) -> Bool {
        byte.isJSONSpace || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]")
            || byte == UInt8(ascii: "}")
    }

    private mutating func elements() throws(SchemaError) -> [SchemaValue] {
        var elements: [SchemaValue] = []
        at += 1
        skipSpace()
        while bytes[at] != UInt8(ascii: "]") {
            elements.append(try value())
            skipSpace()
            if bytes[at] == UInt8(ascii: ",") { at += 1 }
        }
        at += 1
        return elements
    }

    private mutating func members() throws(SchemaError) -> [SchemaValue.Member] {
        var members: [SchemaValue.Member] = []
        var places: [MemberName: Int] = [:]
        at += 1
        skipSpace()
        while bytes[at] != UInt8(ascii: "}") {
            let start = line
            let name = string()
            skipSpace()
            at += 1
            let member = SchemaValue.Member(name: name, line: start, value: try value())
            if let place = places[MemberName(name)] {
                // Real schemas repeat members; if they say the same, nothing is lost.
                guard members[place].value.json == member.value.json else {
                    throw SchemaError(line: start, "'\(name)' is there twice and differs")
                }
            } else {
                places[MemberName(name)] = members.count
                members.append(member)
            }
            skipSpace()
            if bytes[at] == UInt8(ascii: ",") {
                at += 1
                skipSpace()
            }
        }
        at += 1
        return members
    }

    private mutating func string() -> String {
        var out: [UInt8] = []
        at += 1
        while bytes[at] != UInt8(ascii: "\"") {
            if bytes[at] == UInt8(ascii: "\\") {
                out += Array(String(Character(escape())).utf8)
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        at += 1
        return String(decoding: out, as: UTF8.self)
    }

    private mutating func escape() -> Unicode.Scalar {
        let letter = bytes[at + 1]
        at += 2
        switch letter {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: return Unicode.Scalar(letter)
        }
        var code = unit()
        if code >= 0xD800, code < 0xDC00 {
            at += 2
            code = 0x10000 + (code - 0xD800) << 10 + (unit() - 0xDC00)
        }
        return Unicode.Scalar(code) ?? "\u{FFFD}"
    }

    private mutating func unit() -> UInt32 {
        defer { at += 4 }
        return UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16) ?? 0xFFFD
    }
}
