/// Makes text from outside safe to display: producers' names, answers of a socket, paths.
///
/// Control characters control a terminal, direction marks make a text look like another one, and
/// invisible characters make two texts look alike (Unicode Technical Report 36, sections 2 and 3).
/// Any thread may call it.
package enum ShownText {
    /// Whether a scalar is a control, a direction mark, a line separator, or invisible.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Returns one line, with `?` for each unsafe scalar, line breaks included.
    package static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { isUnsafe($0) ? "?" : $0 })
        )
    }

    /// Returns the lines of a text, with `?` for each unsafe scalar except line feeds.
    package static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line(String($0)) }
            .joined(separator: "\n")
    }

    /// Returns the same JSON with each unsafe scalar escaped, except line feeds and tabs, which may
    /// separate its tokens.
    package static func json(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar), scalar != "\n", scalar != "\t" {
                result += jsonEscape(scalar)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Returns `\u202e`, or two such escapes beyond U+FFFF (RFC 8259, section 7).
    package static func jsonEscape(_ scalar: Unicode.Scalar) -> String {
        UTF16.encode(scalar).map { unit in
            unit.map {
                let digits = String($0, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            .joined()
        } ?? "\\ufffd"
    }
}
