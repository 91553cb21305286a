import TestSupport

/// A message of events of which some are damaged, with the place of each.
struct DamagedMessage {
    enum Form: CaseIterable {
        case lines, printed, mixed, array, batch
    }

    struct Item {
        var range: Range<Int>
        var isDamaged = false
        /// Whether brackets, quotes and lines are intact, so that the next events are separable.
        var isContained = true
    }

    private(set) var bytes: [UInt8] = []
    private(set) var items: [Item] = []
    private let form: Form

    init(_ form: Form, _ generator: inout SeededGenerator) {
        self.form = form
        let count = Int.random(in: 1...8, using: &generator)
        let (before, separator, behind) = Self.frame(form, &generator)
        bytes += before.utf8
        // NDJSON is recognised by the majority of its lines.
        var damagedMax = form == .lines ? (count - 1) / 2 : count
        for number in 0..<count {
            if number > 0 { bytes += separator.utf8 }
            let style = PrintStyle(form, &generator)
            var text = Array(style.event(number, &generator).utf8)
            var item = Item(range: 0..<0)
            if damagedMax > 0, Int.random(in: 0..<3, using: &generator) == 0 {
                damagedMax -= 1
                let damage = Damage.random(amongLines: form == .lines || form == .mixed, &generator)
                text = damage.done(to: text, &generator)
                item.isDamaged = true
                item.isContained = damage.isContained || form == .lines
            }
            item.range = bytes.count..<(bytes.count + text.count)
            bytes += text
            items.append(item)
        }
        bytes += behind.utf8
    }

    private static func frame(
        _ form: Form,
        _ generator: inout SeededGenerator
    ) -> (before: String, separator: String, behind: String) {
        let line = ["\n", "\r\n", "\n\n"].randomElement(using: &generator) ?? "\n"
        switch form {
        case .lines, .printed, .mixed: return ("", line, Bool.random(using: &generator) ? line : "")
        case .array: return ("[", Bool.random(using: &generator) ? "," : ",\(line)", "]")
        case .batch:
            let (before, behind) =
                [
                    ("{\"batch\":[", "],\"sentAt\":\"s\",\"context\":{\"channel\":\"c}\"}}"),
                    ("{\"context\":{\"a\":[{}]},\n \"batch\": [\n", "\n ]\n}\n"),
                    ("{\"writeKey\":\"]\",\"batch\":[", "]}"),
                ]
                .randomElement(using: &generator) ?? ("{\"batch\":[", "]}")
            return (before, Bool.random(using: &generator) ? "," : ",\(line)", behind)
        }
    }

    /// Objects that two adjacent damaged events may form together.
    ///
    /// If one lost its end and the next its beginning, what is left can be one valid object. No
    /// reader can detect that.
    var wholes: [Range<Int>] {
        zip(items, items.dropFirst()).filter { $0.isDamaged && $1.isDamaged }
            .map { $0.range.lowerBound..<$1.range.upperBound }
    }

    /// Undamaged events that a reader must find: those before the first damage that hides
    /// boundaries, except the one just before it, whose end is uncertain too.
    ///
    /// A batch's own fields may follow its elements: then there are none.
    var separable: [Range<Int>] {
        let first = items.firstIndex { !$0.isContained }
        if form == .batch, first != nil { return [] }
        let sure = first.map { items.prefix(max(0, $0 - 1)) } ?? items[...]
        return sure.filter { !$0.isDamaged }.map(\.range)
    }
}

/// How an event is printed: on one line, or over several.
private struct PrintStyle {
    let isOneLine: Bool
    let indent: String
    let line: String
    /// Whether opening braces after a key begin their own lines, and commas begin lines.
    let bracesBelow: Bool
    let commasFirst: Bool

    init(_ form: DamagedMessage.Form, _ generator: inout SeededGenerator) {
        isOneLine =
            switch form {
            case .lines: true
            case .printed: false
            case .mixed, .array, .batch: Bool.random(using: &generator)
            }
        indent = ["", "  ", "\t"].randomElement(using: &generator) ?? ""
        line = Bool.random(using: &generator) ? "\n" : "\r\n"
        bracesBelow = Bool.random(using: &generator)
        commasFirst = Int.random(in: 0..<4, using: &generator) == 0
    }

    private static let texts = [
        "plain", "}", "{", "],[", #"\"quoted\""#, #"{\"sku\":1}"#, "ü😀", #"a\\"#, #"\n"#, "a,b: c",
    ]

    func event(_ number: Int, _ generator: inout SeededGenerator) -> String {
        let text = Self.texts.randomElement(using: &generator) ?? ""
        let orders = (0..<Int.random(in: 0...3, using: &generator)).map { #"{"sku":"A\#($0)"}"# }
        let plain = [#""event":"e\#(number)""#, #""total":\#(number).5"#, #""text":"\#(text)""#]
        guard !isOneLine else {
            let list = orders.joined(separator: ",")
            let members = plain + [#""products":[\#(list)]"#, #""user":{"id":7}"#]
            return "{\(members.shuffled(using: &generator).joined(separator: ","))}"
        }
        let separator = commasFirst ? "\(line)\(indent)," : ",\(line)\(indent)"
        let list = orders.joined(separator: separator)
        let products = "\"products\": [\(line)\(indent)\(list)\(line)\(indent)]"
        let user = "\"user\":\(bracesBelow ? line + indent : " "){\"id\":7}"
        let members = (plain + [products, user]).shuffled(using: &generator)
        return "{\(line)\(indent)\(members.joined(separator: separator))\(line)}"
    }
}

/// One defect of an event.
private enum Damage: CaseIterable {
    case word, hugeNumber, loneSurrogate, noUTF8, trailingComma, noValue, noComma
    case noBracket, moreBracket, noQuote, moreQuote, cut, lineInString, garbage

    var isContained: Bool {
        switch self {
        case .word, .hugeNumber, .loneSurrogate, .noUTF8, .trailingComma, .noValue, .noComma: true
        default: false
        }
    }

    /// `amongLines`: an event of NDJSON, which a line feed ends even inside a string.
    static func random(amongLines: Bool, _ generator: inout SeededGenerator) -> Damage {
        let damages = allCases.filter { !amongLines || $0 != .lineInString }
        return damages.randomElement(using: &generator) ?? .word
    }

    func done(to text: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        switch self {
        case .word:
            text.replacing(".5", by: [".5NaN", ".5e", "x"].randomElement(using: &generator))
        case .hugeNumber: text.replacing(".5", by: ".5e999")
        case .loneSurrogate: text.replacing("\"event\":\"", by: #""event":"\ud83d"#)
        case .noUTF8: text.replacing("\"event\":\"", by: Array("\"event\":\"".utf8) + [0xED, 0xA0])
        case .trailingComma: text.replacing("\"id\":7", by: "\"id\":7,")
        case .noValue: text.replacing("\"id\":7", by: "\"id\":")
        case .noComma: text.replacing("\"id\":7", by: "\"id\":7 \"a\":1")
        case .noBracket: text.removing("{}[]", &generator)
        case .moreBracket: text.doubling("{}[]", &generator)
        case .noQuote: text.removing("\"", &generator)
        case .moreQuote: text.doubling("\"", &generator)
        case .cut: text.cut(&generator)
        case .lineInString:
            text.replacing("\"event\":\"", by: "\"event\":\"\n{\"sku\":1}\n}\n{\"a\":1}\n")
        case .garbage:
            Array(["garbage", "a=b&c=d", "<a/>"].randomElement(using: &generator)?.utf8 ?? "".utf8)
        }
    }
}

extension [UInt8] {
    fileprivate func replacing(_ old: String, by new: String?) -> [UInt8] {
        replacing(old, by: Array((new ?? "").utf8))
    }

    fileprivate func replacing(_ old: String, by new: [UInt8]) -> [UInt8] {
        let old = Array(old.utf8)
        guard let at = indices.first(where: { self[$0...].starts(with: old) }) else { return self }
        return self[..<at] + new + self[(at + old.count)...]
    }

    /// Returns the positions of these bytes outside strings, quotes included.
    private func structure(_ bytes: String) -> [Int] {
        var (places, isString, isEscaped) = ([Int](), false, false)
        for (at, byte) in enumerated() {
            let isQuote = byte == UInt8(ascii: "\"") && !isEscaped
            if isQuote { isString.toggle() }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            if isQuote || !isString, bytes.utf8.contains(byte) { places.append(at) }
        }
        return places
    }

    fileprivate func removing(_ bytes: String, _ generator: inout SeededGenerator) -> [UInt8] {
        guard let at = structure(bytes).randomElement(using: &generator) else { return self }
        return Array(self[..<at] + self[(at + 1)...])
    }

    fileprivate func doubling(_ bytes: String, _ generator: inout SeededGenerator) -> [UInt8] {
        guard let at = structure(bytes).randomElement(using: &generator) else { return self }
        return Array(self[...at] + self[at...])
    }

    /// Returns the beginning; never up to a byte after which another value could follow.
    fileprivate func cut(_ generator: inout SeededGenerator) -> [UInt8] {
        var text = Array(self[..<Int.random(in: 1..<count, using: &generator)])
        while let last = text.last, text.count > 1, ",:[ \t\r\n".utf8.contains(last) {
            text.removeLast()
        }
        return text
    }
}
