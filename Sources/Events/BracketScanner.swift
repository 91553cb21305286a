/// The stack of open brackets, one bit each.
struct BracketStack {
    private var words: [UInt64] = []
    private(set) var depth = 0

    mutating func removeAll() { depth = 0 }

    /// Pushes `{` or `[`.
    mutating func push(_ bracket: UInt8) {
        let (word, bit) = (depth / 64, UInt64(1) << UInt64(depth % 64))
        if word == words.count { words.append(0) }
        if bracket == UInt8(ascii: "{") { words[word] |= bit } else { words[word] &= ~bit }
        depth += 1
    }

    /// The bracket opened last; 0 if none is open.
    var top: UInt8 {
        guard depth > 0 else { return 0 }
        let isBrace = words[(depth - 1) / 64] >> UInt64((depth - 1) % 64) & 1 == 1
        return isBrace ? UInt8(ascii: "{") : UInt8(ascii: "[")
    }

    /// Pops `}` or `]`; returns false, without effect, if it does not close the top bracket.
    mutating func pop(_ bracket: UInt8) -> Bool {
        // In ASCII a closing bracket is the opening one plus two.
        guard depth > 0, top + 2 == bracket else { return false }
        depth -= 1
        return true
    }
}

/// Finds the ends of values in text that is known to be damaged, by their brackets outside strings,
/// which must match by kind.
///
/// A line break does not end a string. A line break inside a string indicates damage; then the
/// string's quotes must be where a string can begin and end, because after one missing quote, text
/// and strings are confused. Two missing quotes may let the brackets match again at a wrong place.
/// So a bracket in a string is taken for text only while no quote of the value is inside a word.
struct BracketScanner {
    private var open = BracketStack()
    /// Whether a string of the current value contains a bracket, and a quote is in a word.
    private var stringHasBracket = false
    private var quoteIsInWord = false

    /// Returns the position after the object or array that starts at `start`.
    ///
    /// Nil if the text ends earlier, or a bracket closes that was not opened.
    mutating func end(of start: Int, in text: UnsafeRawBufferPointer) -> Int? {
        begin()
        var at = start
        while at < text.count {
            guard let next = step(at, text) else { return nil }
            at = next
            if open.depth == 0 { return at }
        }
        return nil
    }

    /// Returns the position of the `,`, `]` or `}` after the element or member whose value starts
    /// at `start`; nil as above.
    mutating func separator(behind start: Int, in text: UnsafeRawBufferPointer) -> Int? {
        begin()
        var at = start
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
                if open.depth == 0 { return at }
            default: break
            }
            guard let next = step(at, text) else { return nil }
            at = next
        }
        return nil
    }

    private mutating func begin() {
        open.removeAll()
        stringHasBracket = false
        quoteIsInWord = false
    }

    /// Returns the position after the string or single byte at `at`.
    private mutating func step(_ at: Int, _ text: UnsafeRawBufferPointer) -> Int? {
        switch text[at] {
        case UInt8(ascii: "\""):
            guard let end = Self.endOfString(at, in: text) else { return nil }
            if !stringHasBracket { stringHasBracket = text[at..<end].contains(where: \.isBracket) }
            if !quoteIsInWord { quoteIsInWord = Self.isInWord(at, end, in: text) }
            return stringHasBracket && quoteIsInWord ? nil : end
        case UInt8(ascii: "{"), UInt8(ascii: "["): open.push(text[at])
        case UInt8(ascii: "}"), UInt8(ascii: "]"): if !open.pop(text[at]) { return nil }
        default: break
        }
        return at + 1
    }

    /// Returns the position after the closing quote of the string that starts at `start`.
    static func endOfString(_ start: Int, in text: UnsafeRawBufferPointer) -> Int? {
        var at = start + 1
        var hasLineBreaks = false
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                return hasLineBreaks && !isString(start, at, in: text) ? nil : at + 1
            case UInt8(ascii: "\\"): at += 2
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                hasLineBreaks = true
                at += 1
            default: at += 1
            }
        }
        return nil
    }

    /// Whether the string `start..<end` is adjacent to a byte that no string can be adjacent to.
    private static func isInWord(
        _ start: Int,
        _ end: Int,
        in text: UnsafeRawBufferPointer
    ) -> Bool {
        let before = start > 0 ? text[start - 1] : UInt8(ascii: ",")
        let behind = end < text.count ? text[end] : UInt8(ascii: ",")
        return !(before.canPrecedeString || before.isJSONSpace)
            || !(behind.canFollowString || behind.isJSONSpace)
    }

    /// Whether the bytes around two quotes can surround a string.
    private static func isString(
        _ start: Int,
        _ end: Int,
        in text: UnsafeRawBufferPointer
    ) -> Bool {
        let before = text[..<start].last { !$0.isJSONSpace }
        let behind = text[(end + 1)...].first { !$0.isJSONSpace }
        return before?.canPrecedeString == true && behind?.canFollowString == true
    }
}

extension UInt8 {
    fileprivate var isBracket: Bool {
        switch self {
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"): true
        default: false
        }
    }

    fileprivate var canPrecedeString: Bool {
        switch self {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ","), UInt8(ascii: ":"): true
        default: false
        }
    }

    fileprivate var canFollowString: Bool {
        switch self {
        case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"): true
        default: false
        }
    }
}
