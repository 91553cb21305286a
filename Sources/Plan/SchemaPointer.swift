/// A JSON pointer into a schema (RFC 6901).
struct SchemaPointer: CustomStringConvertible {
    private(set) var tokens: [String] = []

    init() {}

    /// The pointer of a URI's fragment without its `#`; nil if that is none.
    init?(fragment: Substring) {
        guard let text = Self.decoded(fragment), text.isEmpty || text.hasPrefix("/") else {
            return nil
        }
        for token in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            tokens.append(Self.unescaped(token))
        }
    }

    func appending(_ tokens: String...) -> SchemaPointer {
        var longer = self
        longer.tokens += tokens
        return longer
    }

    /// The bytes that tell it from other pointers: strings are equal in Swift that are not in JSON.
    var key: [UInt8] { Array(tokens.map { "/" + Self.escaped($0) }.joined().utf8) }

    var description: String { "#" + tokens.map { "/" + Self.escaped($0) }.joined() }

    private static func escaped(_ token: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in token.unicodeScalars {
            switch scalar {
            case "~": out.append(contentsOf: "~0".unicodeScalars)
            case "/": out.append(contentsOf: "~1".unicodeScalars)
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    private static func unescaped(_ token: Substring) -> String {
        var out = String.UnicodeScalarView()
        var isEscape = false
        for scalar in token.unicodeScalars {
            if isEscape {
                out.append(scalar == "1" ? "/" : "~")
                isEscape = false
            } else if scalar == "~" {
                isEscape = true
            } else {
                out.append(scalar)
            }
        }
        return String(out)
    }

    /// Decodes `%XX`.
    private static func decoded(_ text: Substring) -> String? {
        var out: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                out.append(byte)
                continue
            }
            let digits = String(decoding: bytes.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
            out.append(value)
            bytes = bytes.dropFirst(2)
        }
        return String(validating: out, as: UTF8.self)
    }
}

extension SchemaValue {
    /// The member or element that a token of a pointer names.
    func child(_ token: String) -> SchemaValue? {
        guard case .array(let elements) = content else { return self[token] }
        guard let index = Int(token), elements.indices.contains(index), String(index) == token
        else {
            return nil
        }
        return elements[index]
    }
}
