/// Finds where an array's element ends in text that is known to be damaged somewhere.
enum ElementScanner {
    /// The position of the `,` or `]` behind the element that starts at `start`, found by counting
    /// brackets outside strings; nil when the text ends before, or a bracket closes that was not
    /// opened.
    static func end(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var depth = 0
        var at = start
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                guard let quote = closingQuote(in: text, from: at + 1) else { return nil }
                at = quote
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "]") where depth == 0, UInt8(ascii: ",") where depth == 0:
                return at
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth < 0 { return nil }
            default:
                break
            }
            at += 1
        }
        return nil
    }

    private static func closingQuote(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var at = start
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""): return at
            case UInt8(ascii: "\\"): at += 2
            default: at += 1
            }
        }
        return nil
    }
}
