import NIOHTTP1

/// What `_touchpoint.http` says about a request.
struct RequestMetadata {
    /// The longest text that is noted; a longer one is cut.
    private static let textBytesMax = 512

    private var text = ""

    /// Adds a member; `value` may be any text of a client.
    mutating func add(_ name: StaticString, _ value: some StringProtocol) {
        guard !value.isEmpty else { return }
        text += text.isEmpty ? "\"" : ",\""
        text += "\(name)\":\""
        if value.utf8.count <= Self.textBytesMax, value.utf8.allSatisfy(Self.isPlain) {
            text += value
            text += "\""
            return
        }
        var count = 0
        for scalar in value.unicodeScalars {
            count += scalar.utf8.count
            if count > Self.textBytesMax { break }
            text += Self.escaped(scalar)
        }
        text += "\""
    }

    /// Adds a member that is true.
    mutating func mark(_ name: StaticString) {
        text += text.isEmpty ? "\"" : ",\""
        text += "\(name)\":true"
    }

    /// Whether a byte needs no escape; most texts have no other.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\u{0}"..."\u{1F}", "\u{7F}":
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: return String(scalar)
        }
    }

    /// A member of the event's metadata; empty if there is nothing to say.
    var member: String { text.isEmpty ? "" : "\"http\":{\(text)}" }

    /// The JSON of a string.
    static func quoted(_ value: String) -> String {
        var result = "\""
        for scalar in value.unicodeScalars { result += escaped(scalar) }
        return result + "\""
    }
}
