/// Text from outside, made safe to show to people: names that producers chose, what a socket answered,
/// paths.
///
/// Control characters steer a terminal, marks of direction make a text look like another one, and what is
/// invisible makes two texts look alike (Unicode Technical Report 36, sections 2 and 3). Any thread may
/// call.
package enum ShownText {
    /// Whether a scalar is a control, a mark of direction, a line separator, or invisible.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// One line, with `?` for each unsafe scalar, line breaks among them.
    package static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { isUnsafe($0) ? "?" : $0 })
        )
    }

    /// The same JSON, with an escape for each unsafe scalar; line feeds and tabs, which may stand
    /// between its tokens, are left alone.
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

    /// `\u202e`, or two of that beyond U+FFFF (RFC 8259, section 7).
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
