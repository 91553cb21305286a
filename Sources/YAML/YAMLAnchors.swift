/// Finds anchors in YAML, which no file here may have.
///
/// An alias repeats all that its anchor names, including aliases: nine lines of them are billions
/// of values, and a parser compares the keys of a mapping by all of theirs. Without anchors there
/// are no aliases.
package enum YAMLAnchors {
    /// Returns the line of the first anchor (`&name`), from 1; nil if there is none.
    ///
    /// An anchor begins a token outside of quotes and comments (YAML 1.2, section 6.9.2). In a
    /// block of text (`|`, `>`) a word with this beginning counts as one as well.
    package static func firstLine(in yaml: String) -> Int? {
        var line = 1
        var quote: UInt8?
        var isComment = false
        var before = UInt8(ascii: "\n")
        for byte in yaml.utf8 {
            let beginsToken = separators.contains(before)
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                isComment = false
            case _ where isComment: break
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if quote == byte, before != UInt8(ascii: "\\") || byte == UInt8(ascii: "'") {
                    quote = nil
                } else if quote == nil, beginsToken {
                    quote = byte
                }
            case _ where quote != nil: break
            case UInt8(ascii: "#"): isComment = beginsToken
            case UInt8(ascii: "&"): if beginsToken { return line }
            default: break
            }
            // Of two backslashes the second is text.
            before = before == UInt8(ascii: "\\") && byte == before ? 0 : byte
        }
        return nil
    }

    private static let separators = Set(" \t\n\r[{,".utf8)
}
