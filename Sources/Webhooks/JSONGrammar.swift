/// Checks that a text is one JSON value (RFC 8259), and finds members of objects in it.
///
/// It builds nothing. A value inside more than ``depthMax`` others is refused, so the stack is
/// bounded; whether strings are UTF-8 is for the reader of the events.
struct JSONGrammar {
    static let depthMax = 256

    private let text: UnsafeRawBufferPointer
    private var at = 0

    private init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// Whether the whole text is one value, with white space around it.
    static func isValue(_ text: UnsafeRawBufferPointer) -> Bool {
        var grammar = JSONGrammar(text)
        grammar.skipBlanks()
        guard grammar.value(depth: 0) else { return false }
        grammar.skipBlanks()
        return grammar.at == text.count
    }

    /// Returns the text of a member of an object, which is valid JSON; nil if the text is no object,
    /// or the object has the member not once.
    static func member(_ name: String, of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var grammar = JSONGrammar(text)
        var found: [Range<Int>] = []
        grammar.skipBlanks()
        let isObject = grammar.object(depth: 0) { key, value in
            if text[key].elementsEqual(name.utf8) { found.append(value) }
        }
        grammar.skipBlanks()
        guard isObject, grammar.at == text.count, found.count == 1, let range = found.first else {
            return nil
        }
        return UnsafeRawBufferPointer(rebasing: text[range])
    }

    /// Returns the content of a string without escapes, or the digits of a number; nil for any other
    /// value.
    static func plain(_ value: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let first = value.first else { return nil }
        if first == UInt8(ascii: "\"") {
            return value.contains(UInt8(ascii: "\\")) ? nil : Array(value.dropFirst().dropLast())
        }
        return value.allSatisfy(ASCII.isDigit) ? Array(value) : nil
    }

    private mutating func skipBlanks() {
        while at < text.count {
            let byte = text[at]
            guard ASCII.isBlank(byte) || byte == 0x0A || byte == 0x0D else { return }
            at += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func value(depth: Int) -> Bool {
        guard at < text.count, depth < Self.depthMax else { return false }
        switch text[at] {
        case UInt8(ascii: "{"): return object(depth: depth) { _, _ in }
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    /// Visits the places of each key, without its quotes, and of its value.
    private mutating func object(
        depth: Int,
        visit: (_ key: Range<Int>, _ value: Range<Int>) -> Void
    ) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        skipBlanks()
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            skipBlanks()
            let key = at
            guard string() else { return false }
            let keyEnd = at
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { return false }
            skipBlanks()
            let start = at
            guard value(depth: depth + 1) else { return false }
            visit(key + 1..<keyEnd - 1, start..<at)
            skipBlanks()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func array(depth: Int) -> Bool {
        guard take(UInt8(ascii: "[")) else { return false }
        skipBlanks()
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            skipBlanks()
            guard value(depth: depth + 1) else { return false }
            skipBlanks()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    private mutating func string() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        while at < text.count {
            let byte = text[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case 0..<0x20: return false
            case UInt8(ascii: "\\"):
                guard escape() else { return false }
            default: break
            }
        }
        return false
    }

    /// Takes what follows a backslash.
    private mutating func escape() -> Bool {
        guard at < text.count else { return false }
        let letter = text[at]
        at += 1
        guard letter == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(letter) }
        guard text.count - at >= 4, text[at..<at + 4].allSatisfy({ ASCII.hexDigit($0) != nil })
        else { return false }
        at += 4
        return true
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let end = at + word.utf8CodeUnitCount
        guard end <= text.count,
            text[at..<end].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
            )
        else { return false }
        at = end
        return true
    }

    private mutating func number() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) {
            guard skipDigits() else { return false }
        }
        if take(UInt8(ascii: ".")) {
            guard skipDigits() else { return false }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            return skipDigits()
        }
        return true
    }

    /// Takes one digit or more.
    private mutating func skipDigits() -> Bool {
        let start = at
        while at < text.count, ASCII.isDigit(text[at]) { at += 1 }
        return at > start
    }
}
