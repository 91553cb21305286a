/// Finds functions, initializers and computed properties, and their lengths.
///
/// It matches braces in ``SourceFile/code``; declarations without a body, as in protocols, are not
/// counted.
enum FunctionScanner {
    /// A declaration with a body, from the line of its keyword to that of its closing brace.
    struct Function: Equatable {
        let name: String
        let line: Int
        let lines: Int
    }

    static func functions(in file: SourceFile) -> [Function] {
        let code = Array(file.code.utf8)
        var found: [Function] = []
        for word in words(in: code) where isDeclaration(word, in: code) {
            guard let body = bodyStart(of: word, in: code),
                let end = closingBrace(from: body, in: code)
            else { continue }
            let first = lineNumber(of: word.start, in: code)
            let last = lineNumber(of: end, in: code)
            let name = word.text == "func" || word.text == "var" ? nextName(word, code) : word.text
            found.append(Function(name: name, line: first, lines: last - first + 1))
        }
        return found
    }

    private struct Word {
        let text: String
        let start: Int
        var end: Int { start + text.utf8.count }
    }

    private static let keywords: Set<String> = ["func", "init", "deinit", "subscript", "var"]
    private static let conditions: Set<String> = ["if", "guard", "while", "for", "case", "let"]
    private static let nextDeclaration: Set<String> = [
        "func", "var", "let", "init", "subscript", "associatedtype", "typealias", "struct", "enum",
        "case", "static", "mutating", "private", "package", "public", "deinit", "extension",
    ]

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func words(in code: [UInt8]) -> [Word] {
        var words: [Word] = []
        var start: Int?
        for (index, byte) in (code + [0x0a]).enumerated() {
            if isPart(byte) {
                start = start ?? index
            } else if let first = start {
                words.append(
                    Word(text: String(decoding: code[first..<index], as: UTF8.self), start: first)
                )
                start = nil
            }
        }
        return words
    }

    private static func isDeclaration(_ word: Word, in code: [UInt8]) -> Bool {
        guard keywords.contains(word.text) else { return false }
        if word.start > 0, [UInt8(ascii: "."), UInt8(ascii: "`")].contains(code[word.start - 1]) {
            return false
        }
        guard word.text == "var" else { return true }
        let line = code[..<word.start].reversed().prefix { $0 != 0x0a }.reversed()
        return !words(in: Array(line)).contains { conditions.contains($0.text) }
    }

    private static func nextName(_ word: Word, _ code: [UInt8]) -> String {
        let rest = code[word.end...].drop { $0 == 0x20 }
        return String(
            decoding: rest.prefix { $0 != 0x28 && $0 != 0x20 && $0 != 0x3a },
            as: UTF8.self
        )
    }

    /// Returns the position of the body's opening brace; nil for a declaration without a body.
    private static func bodyStart(of word: Word, in code: [UInt8]) -> Int? {
        var depth = 0
        var index = word.end
        while index < code.count {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return index
            case UInt8(ascii: "}") where depth == 0: return nil
            case 0x0a where depth == 0:
                if word.text == "var" || startsDeclaration(code, after: index) { return nil }
            default: break
            }
            if depth < 0 { return nil }
            index += 1
        }
        return nil
    }

    private static func startsDeclaration(_ code: [UInt8], after index: Int) -> Bool {
        let rest = code[(index + 1)...].drop { $0 == 0x20 || $0 == 0x0a }
        if rest.first == UInt8(ascii: "@") { return true }
        let word = String(decoding: rest.prefix(while: isPart), as: UTF8.self)
        return nextDeclaration.contains(word)
    }

    private static func closingBrace(from start: Int, in code: [UInt8]) -> Int? {
        var depth = 0
        for index in start..<code.count {
            if code[index] == UInt8(ascii: "{") { depth += 1 }
            if code[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    private static func lineNumber(of place: Int, in code: [UInt8]) -> Int {
        code[..<place].reduce(into: 1) { if $1 == 0x0a { $0 += 1 } }
    }
}
