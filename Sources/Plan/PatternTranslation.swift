/// Translates a pattern of ECMA 262 into RE2's syntax.
///
/// What the two call by the same name but mean differently is written out: `.`, `\s`, `\cX`,
/// `\uXXXX`, `\p{…}`, a bracket within a class. What RE2 cannot do in time proportional to the text is
/// refused: look-around and references to groups.
struct PatternTranslation {
    struct Refusal: Error {
        let message: String
    }

    private static let space =
        #"\t\n\x{b}\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"#
    private static let lineEnds = #"\n\r\x{2028}\x{2029}"#
    /// Long names of general categories (Unicode, PropertyValueAliases).
    private static let categories: [String: String] = [
        "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
        "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Nonspacing_Mark": "Mn",
        "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd",
        "digit": "Nd", "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P",
        "punct": "P", "Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd",
        "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
        "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm",
        "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z",
        "Space_Separator": "Zs", "Line_Separator": "Zl", "Paragraph_Separator": "Zp",
        "Control": "Cc", "Format": "Cf", "Private_Use": "Co",
    ]

    private let pattern: [Unicode.Scalar]
    private var at = 0
    private var out = ""

    init(_ pattern: String) {
        self.pattern = Array(pattern.unicodeScalars)
    }

    mutating func run() throws(Refusal) -> String {
        while let next = take() {
            switch next {
            case "\\": try escape(inClass: false)
            case ".": out += "[^\(Self.lineEnds)]"
            case "[": try characterClass()
            case "(": try group()
            default: out.unicodeScalars.append(next)
            }
        }
        return out
    }

    private mutating func take() -> Unicode.Scalar? {
        guard at < pattern.count else { return nil }
        defer { at += 1 }
        return pattern[at]
    }

    private func peek(_ text: String) -> Bool {
        pattern[at...].starts(with: text.unicodeScalars)
    }

    private mutating func group() throws(Refusal) {
        out += "("
        guard peek("?") else { return }
        if peek("?=") || peek("?!") || peek("?<=") || peek("?<!") {
            throw Refusal(
                message: "look-around takes time that nothing bounds; it is not supported"
            )
        }
        if peek("?:") {
            at += 2
            out += "?:"
        } else if peek("?<") {
            at += 2
            out += "?P<"
        } else {
            throw Refusal(message: "a group begins with '(', '(?:' or '(?<name>'")
        }
    }

    private mutating func characterClass() throws(Refusal) {
        let isNegated = peek("^")
        if isNegated { at += 1 }
        // To ECMA an empty class is nothing, and its complement is everything.
        if peek("]") {
            at += 1
            out += isNegated ? #"[\x{0}-\x{10ffff}]"# : #"[^\x{0}-\x{10ffff}]"#
            return
        }
        out += isNegated ? "[^" : "["
        // Whether the last character can begin a range: any other hyphen is only a hyphen.
        var canBegin = false
        while let next = take() {
            let isClass =
                next == "\\" && at < pattern.count
                && "dDwWsSpP".unicodeScalars.contains(pattern[at])
            switch next {
            case "]":
                out += "]"
                return
            case "-":
                let isRange = canBegin && at < pattern.count && pattern[at] != "]"
                out += isRange ? "-" : #"\-"#
                guard isRange, let end = take() else { break }
                try classCharacter(end)
                canBegin = false
                continue
            default: try classCharacter(next)
            }
            canBegin = next != "-" && !isClass
        }
        throw Refusal(message: "a '[' has no ']'")
    }

    private mutating func classCharacter(_ character: Unicode.Scalar) throws(Refusal) {
        switch character {
        case "\\": try escape(inClass: true)
        case "[": out += #"\["#
        default: out.unicodeScalars.append(character)
        }
    }

    private mutating func escape(inClass: Bool) throws(Refusal) {
        guard let letter = take() else { throw Refusal(message: "it ends with a backslash") }
        switch letter {
        case "d", "D", "w", "W": out += "\\\(letter)"
        case "s": out += inClass ? Self.space : "[\(Self.space)]"
        case "S":
            guard !inClass else {
                throw Refusal(message: #"'\S' within a class is not supported"#)
            }
            out += "[^\(Self.space)]"
        case "b":
            out += inClass ? #"\x{8}"# : #"\b"#
        case "B" where !inClass: out += #"\B"#
        case "t", "n", "v", "f", "r": out += "\\\(letter)"
        case "0" where !(at < pattern.count && "0"..."9" ~= pattern[at]): out += #"\x{0}"#
        case "1"..."9", "k":
            throw Refusal(
                message: "references to groups take time that nothing bounds; not supported"
            )
        case "c": try control()
        case "x": try code(digits: 2)
        case "u": try unicode()
        case "p", "P": try property(letter)
        case "a"..."z", "A"..."Z", "0"..."9":
            throw Refusal(message: "ECMA 262 knows no '\\\(letter)'")
        case _ where letter.value < 0x80: out += "\\\(letter)"
        default: out.unicodeScalars.append(letter)
        }
    }

    private mutating func control() throws(Refusal) {
        guard let letter = take(), letter.properties.isAlphabetic, letter.isASCII else {
            throw Refusal(message: #"a letter is missing after '\c'"#)
        }
        append(code: letter.value & 31)
    }

    private mutating func append(code: UInt32) {
        out += "\\x{\(String(code, radix: 16))}"
    }

    private mutating func code(digits: Int) throws(Refusal) {
        append(code: try number(digits: digits))
    }

    private mutating func number(digits: Int) throws(Refusal) -> UInt32 {
        let text = String(String.UnicodeScalarView(pattern[at...].prefix(digits)))
        guard text.utf8.count == digits, let code = UInt32(text, radix: 16), !text.hasPrefix("+")
        else { throw Refusal(message: "an escape by number needs \(digits) hexadecimal digits") }
        at += digits
        return code
    }

    private mutating func unicode() throws(Refusal) {
        if peek("{") {
            let text = try braced()
            guard let code = UInt32(text, radix: 16), Unicode.Scalar(code) != nil else {
                throw Refusal(message: "'\\u{\(text)}' is no character")
            }
            return append(code: code)
        }
        var code = try number(digits: 4)
        if code >= 0xD800, code < 0xDC00, peek("\\u") {
            at += 2
            let low = try number(digits: 4)
            guard low >= 0xDC00, low < 0xE000 else {
                throw Refusal(message: "half of a surrogate pair is no character")
            }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard Unicode.Scalar(code) != nil else {
            throw Refusal(message: "half of a surrogate pair is no character")
        }
        append(code: code)
    }

    private mutating func braced() throws(Refusal) -> String {
        guard peek("{"), let end = pattern[at...].firstIndex(of: "}") else {
            throw Refusal(message: "a '{' has no '}'")
        }
        defer { at = end + 1 }
        return String(String.UnicodeScalarView(pattern[(at + 1)..<end]))
    }

    private mutating func property(_ letter: Unicode.Scalar) throws(Refusal) {
        let text = try braced()
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let name: String?
        if parts.count == 1 {
            let isShort = parts[0].utf8.count <= 2
            name = isShort ? parts[0] : Self.categories[parts[0]]
        } else if parts[0] == "General_Category" || parts[0] == "gc" {
            name = Self.categories[parts[1]] ?? parts[1]
        } else if parts[0] == "Script" || parts[0] == "sc" {
            name = parts[1]
        } else {
            name = nil
        }
        guard let name else {
            throw Refusal(message: "the property '\(text)' is not supported")
        }
        out += "\\\(letter){\(name)}"
    }
}
