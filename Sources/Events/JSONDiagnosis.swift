/// Finds the first byte where a rejected piece is not JSON by RFC 8259, and the cause.
///
/// It walks the piece once, byte by byte, after ``EventReader`` has found an error.
struct JSONDiagnosis {
    struct Finding: Equatable {
        var offset: Int
        var cause: RejectionCause
    }

    /// The place that a piece was cut from, relative to an array.
    enum Start {
        case text, element, behindElement
    }

    /// The token that may come next.
    private enum Next {
        case value, firstElement, firstKey, key, colon, separator
    }

    private let text: UnsafeRawBufferPointer
    private var at = 0
    private var open = BracketStack()

    private init(_ text: UnsafeRawBufferPointer) {
        self.text = text
    }

    /// Returns the cause of a rejection; nil if the rejection says all.
    static func finding(
        _ rejection: Rejection,
        in piece: UnsafeRawBufferPointer,
        _ start: Start = .text
    ) -> Finding? {
        switch rejection {
        case .invalidJSON:
            var diagnosis = JSONDiagnosis(piece)
            return diagnosis.run(from: start)
        case .invalidUTF8: return invalidUTF8(piece)
        case .notAnObject:
            let at = piece.firstIndex { !$0.isJSONSpace } ?? 0
            return Finding(offset: at, cause: RejectionCause(.noObject, piece[at]))
        case .tooLarge, .tooDeep, .tooManyEvents, .reservedKey, .inflateFailed, .unknownKey,
            .planViolation, .unplannedEvent:
            return nil
        }
    }

    private func found(_ kind: RejectionCause.Kind, _ byte: UInt8 = 0, at offset: Int) -> Finding {
        Finding(offset: offset, cause: RejectionCause(kind, byte))
    }

    private mutating func skipSpace() {
        while at < text.count, text[at].isJSONSpace { at += 1 }
    }

    private mutating func run(from start: Start) -> Finding? {
        skipSpace()
        if start == .text, at == text.count { return found(.empty, at: 0) }
        if start != .text { open.push(UInt8(ascii: "[")) }
        var next = start == .behindElement ? Next.separator : .value
        while true {
            skipSpace()
            if at == text.count { return atEnd(next) }
            let finding: Finding?
            switch next {
            case .value, .firstElement: finding = value(&next)
            case .firstKey, .key: finding = key(&next)
            case .colon:
                finding = text[at] == UInt8(ascii: ":") ? nil : found(.missingColon, at: at)
                at += 1
                next = .value
            case .separator: finding = separator(&next)
            }
            if let finding { return finding }
        }
    }

    private func atEnd(_ next: Next) -> Finding? {
        if open.depth == 0, next == .separator { return nil }
        return found(.missingBracket, open.top + 2, at: text.count)
    }

    private mutating func value(_ next: inout Next) -> Finding? {
        let (byte, isFirst) = (text[at], next == .firstElement)
        next = .separator
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            open.push(byte)
            at += 1
            next = byte == UInt8(ascii: "{") ? .firstKey : .firstElement
            return nil
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        case UInt8(ascii: "]") where isFirst && open.pop(byte):
            at += 1
            return nil
        case UInt8(ascii: "]") where open.top == UInt8(ascii: "["):
            return found(.trailingComma, at: comma)
        case UInt8(ascii: "]"), UInt8(ascii: "}"),
            UInt8(ascii: ",") where open.depth > 0:
            return found(.missingValue, at: at)
        default: return word()
        }
    }

    /// The position of the comma before `at`.
    private var comma: Int {
        text[..<at].lastIndex(of: UInt8(ascii: ",")) ?? at
    }

    private mutating func key(_ next: inout Next) -> Finding? {
        let byte = text[at]
        switch byte {
        case UInt8(ascii: "\""):
            next = .colon
            return string()
        case UInt8(ascii: "}") where next == .key: return found(.trailingComma, at: comma)
        case UInt8(ascii: "}") where open.pop(byte):
            at += 1
            next = .separator
            return nil
        case UInt8(ascii: "'"): return found(.singleQuotes, at: at)
        case UInt8(ascii: "/"): return found(.comment, at: at)
        case UInt8(ascii: ","): return found(.missingValue, at: at)
        case let letter where letter.isWordByte: return found(.bareKey, at: at)
        default: return found(.unexpectedByte, byte, at: at)
        }
    }

    private mutating func separator(_ next: inout Next) -> Finding? {
        let byte = text[at]
        if open.depth == 0 { return found(.textBehind, at: at) }
        switch byte {
        case UInt8(ascii: ","):
            next = open.top == UInt8(ascii: "{") ? .key : .value
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if !open.pop(byte) { return found(.wrongBracket, open.top + 2, at: at) }
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "-"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return found(.missingComma, at: at)
        case UInt8(ascii: "/"): return found(.comment, at: at)
        default: return found(.unexpectedByte, byte, at: at)
        }
        at += 1
        return nil
    }

    // MARK: - Scalars

    private mutating func string() -> Finding? {
        let start = at
        at += 1
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                at += 1
                return nil
            case UInt8(ascii: "\\"):
                if let finding = escape() { return finding }
            case 0x0A, 0x0D: return found(.lineBreakInString, at: at)
            case let byte where byte < 0x20: return found(.controlCharacter, byte, at: at)
            default: at += 1
            }
        }
        return found(.unterminatedString, at: start)
    }

    /// Skips the escape at `at`.
    private mutating func escape() -> Finding? {
        let start = at
        guard at + 1 < text.count else {
            at = text.count
            return nil
        }
        switch text[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
            return nil
        case UInt8(ascii: "u"): break
        case let byte: return found(.badEscape, byte, at: start)
        }
        guard let high = unit(at) else { return found(.badUnicodeEscape, at: start) }
        at += 6
        guard (0xD800...0xDFFF).contains(high) else { return nil }
        guard high < 0xDC00, let low = unit(at), (0xDC00...0xDFFF).contains(low) else {
            return found(.loneSurrogate, at: start)
        }
        at += 6
        return nil
    }

    /// Returns the UTF-16 code unit that the six bytes at `start` escape.
    private func unit(_ start: Int) -> Int? {
        guard start + 6 <= text.count, text[start] == UInt8(ascii: "\\"),
            text[start + 1] == UInt8(ascii: "u"),
            text[(start + 2)..<(start + 6)].allSatisfy(\.isHexDigit)
        else { return nil }
        let digits = String(decoding: text[(start + 2)..<(start + 6)], as: UTF8.self)
        return Int(digits, radix: 16)
    }

    /// Skips a token that begins like a number.
    private mutating func number() -> Finding? {
        let start = at
        while at < text.count, text[at].isWordByte || text[at] == UInt8(ascii: "+") { at += 1 }
        let bytes = text[start..<at]
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes
        if digits.starts(with: "NaN".utf8) { return found(.notANumber, at: start) }
        if digits.starts(with: "Inf".utf8) || digits.starts(with: "inf".utf8) {
            return found(.infinity, at: start)
        }
        let second = digits.dropFirst().first ?? 0
        if digits.first == UInt8(ascii: "0"), (48...57).contains(second) {
            return found(.leadingZero, at: start)
        }
        guard Self.isNumber(digits) else { return found(.badNumber, at: start) }
        let value = Double(String(decoding: bytes, as: UTF8.self)) ?? 0
        return value.isInfinite ? found(.hugeNumber, at: start) : nil
    }

    /// Whether `digits` is an unsigned number by RFC 8259, section 6; ignores leading zeros.
    private static func isNumber(_ digits: Slice<UnsafeRawBufferPointer>) -> Bool {
        var rest = digits[...]
        func takeDigits() -> Bool {
            let count = rest.prefix { (48...57).contains($0) }.count
            rest = rest.dropFirst(count)
            return count > 0
        }
        guard takeDigits() else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard takeDigits() else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
                rest = rest.dropFirst()
            }
            guard takeDigits() else { return false }
        }
        return rest.isEmpty
    }

    /// Skips true, false or null, or returns what is there instead of a value.
    private mutating func word() -> Finding? {
        let start = at
        while at < text.count, text[at].isWordByte { at += 1 }
        let word = String(decoding: text[start..<at], as: UTF8.self)
        switch word {
        case "true", "false", "null": return nil
        case "NaN", "nan": return found(.notANumber, at: start)
        case "Infinity", "Inf", "inf": return found(.infinity, at: start)
        default: break
        }
        let byte = text[start]
        switch byte {
        case UInt8(ascii: "'"): return found(.singleQuotes, at: start)
        case UInt8(ascii: "/"): return found(.comment, at: start)
        case UInt8(ascii: "+"): return found(.plusSign, at: start)
        case UInt8(ascii: "."): return found(.badNumber, at: start)
        case UInt8(ascii: "<") where open.depth == 0: return found(.markup, at: start)
        case 0xEF where text[start...].starts(with: [0xEF, 0xBB, 0xBF]):
            return found(.byteOrderMark, at: start)
        default: break
        }
        if open.depth > 0 {
            return word.isEmpty
                ? found(.unexpectedByte, byte, at: start) : found(.badWord, at: start)
        }
        let isForm = !word.isEmpty && at < text.count && text[at] == UInt8(ascii: "=")
        if isForm { return found(.formData, at: start) }
        let isWord = ["undefined", "None", "True", "False", "nil"].contains(word)
        return isWord ? found(.badWord, at: start) : found(.noJSON, byte, at: start)
    }

    // MARK: - UTF-8

    /// Returns the first position that is not UTF-8 (RFC 3629).
    private static func invalidUTF8(_ text: UnsafeRawBufferPointer) -> Finding? {
        var at = 0
        while at < text.count {
            let first = text[at]
            let (length, second): (Int, ClosedRange<UInt8>)
            switch first {
            case 0..<0x80:
                at += 1
                continue
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default:
                return Finding(offset: at, cause: RejectionCause(.invalidByte, first))
            }
            let rest = text[(at + 1)..<min(at + length, text.count)]
            let isSurrogate = first == 0xED && rest.first.map { (0xA0...0xBF).contains($0) } == true
            if isSurrogate {
                return Finding(offset: at, cause: RejectionCause(.encodedSurrogate))
            }
            guard rest.count == length - 1, rest.first.map(second.contains) == true,
                rest.allSatisfy({ (0x80...0xBF).contains($0) })
            else { return Finding(offset: at, cause: RejectionCause(.cutCharacter)) }
            at += length
        }
        return nil
    }
}

extension UInt8 {
    /// Whether the byte can be part of a word or a number after its first byte.
    fileprivate var isWordByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    fileprivate var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
