/// Finds members of an object by its text, which is valid JSON or ends the search.
///
/// A value; it keeps no state between objects.
package struct TopLevelMembers {
    /// A member of an object, by its place in the object's text.
    package struct Member {
        /// From the key's opening quote to the value's last byte.
        package var range: Range<Int>
        package var key: UnsafeRawBufferPointer
        package var value: UnsafeRawBufferPointer
    }

    private let text: UnsafeRawBufferPointer
    private var at: Int

    /// `text`: begins with the object's opening brace, perhaps after white space.
    package init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        at = text.firstIndex { !$0.isJSONSpace } ?? text.count
        at += at < text.count && text[at] == UInt8(ascii: "{") ? 1 : text.count
    }

    /// The next member; nil at the end, and where the text is no valid object.
    package mutating func next() -> Member? {
        skipSpace()
        if at < text.count, text[at] == UInt8(ascii: ",") {
            at += 1
            skipSpace()
        }
        let start = at
        guard let key = string() else { return nil }
        skipSpace()
        guard at < text.count, text[at] == UInt8(ascii: ":") else { return nil }
        at += 1
        skipSpace()
        guard let value = value() else { return nil }
        return Member(range: start..<at, key: key, value: value)
    }

    private mutating func skipSpace() {
        while at < text.count, text[at].isJSONSpace { at += 1 }
    }

    /// Skips a string, and returns the text between its quotes.
    private mutating func string() -> UnsafeRawBufferPointer? {
        guard at < text.count, text[at] == UInt8(ascii: "\""),
            let end = BracketScanner.endOfString(at, in: text)
        else { return nil }
        defer { at = end }
        return UnsafeRawBufferPointer(rebasing: text[(at + 1)..<(end - 1)])
    }

    /// Skips a value, and returns its text.
    private mutating func value() -> UnsafeRawBufferPointer? {
        let start = at
        var depth = 0
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return nil }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","):
                if depth == 0 { return ended(from: start) }
                if text[at] != UInt8(ascii: ",") { depth -= 1 }
                at += 1
            default: at += 1
            }
        }
        return nil
    }

    private func ended(from start: Int) -> UnsafeRawBufferPointer? {
        var end = at
        while end > start, text[end - 1].isJSONSpace { end -= 1 }
        return end > start ? UnsafeRawBufferPointer(rebasing: text[start..<end]) : nil
    }
}
