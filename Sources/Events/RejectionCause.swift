/// The cause of a rejection in more detail than its ``Rejection``.
package struct RejectionCause: Equatable, Sendable {
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// No more than the ``Rejection`` says.
        case unspecified
        case empty
        case byteOrderMark
        case utf16
        case invalidByte
        case cutCharacter
        case encodedSurrogate
        case formData
        case markup
        case noJSON
        case notANumber
        case infinity
        case hugeNumber
        case plusSign
        case leadingZero
        case badNumber
        case badWord
        case singleQuotes
        case bareKey
        case comment
        case controlCharacter
        case lineBreakInString
        case badEscape
        case badUnicodeEscape
        case loneSurrogate
        case unterminatedString
        case missingValue
        case missingColon
        case missingComma
        case trailingComma
        case missingBracket
        case wrongBracket
        case textBehind
        case unexpectedByte
        case insideDamaged
        case noObject
        case eventTooLarge
        case tooMuchHandedDown
        case tooManyCopies
    }

    package let kind: Kind
    /// The byte that was found, or is missing.
    let byte: UInt8

    package init(_ kind: Kind, _ byte: UInt8 = 0) {
        self.kind = kind
        self.byte = byte
    }

    /// The cause as a clause for people, without the place.
    ///
    /// Contains none of the producer's text and needs no escapes in JSON. Nil: ``Rejection`` says all.
    var explanation: String? {
        switch kind {
        case .unspecified: nil
        case .noObject: "valid JSON, but \(Self.type(byte)), and an event must be an object"
        case .missingBracket: "the text ends before the closing \(named)"
        case .wrongBracket: "a bracket closes that is not open; the closing \(named) is missing"
        case .invalidByte, .noJSON, .controlCharacter, .badEscape, .unexpectedByte:
            "\(named) \(Self.behindByte(kind))"
        default: Self.plain(kind)
        }
    }

    private var named: String {
        switch byte {
        case UInt8(ascii: "}"): "brace"
        case UInt8(ascii: "]"): "bracket"
        default: "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }

    private static func behindByte(_ kind: Kind) -> String {
        switch kind {
        case .invalidByte: "is not valid UTF-8 here"
        case .noJSON: "begins no JSON: a payload begins with a brace or a bracket"
        case .controlCharacter: "in a string: control characters must be escaped"
        case .badEscape: "behind a backslash: there is no such escape"
        default: "is not expected here"
        }
    }

    private static func plain(_ kind: Kind) -> String {
        texts[kind] ?? ""
    }

    private static let texts: [Kind: String] = [
        .empty: "there is nothing but white space",
        .byteOrderMark: "a byte order mark with nothing behind it, or not at the payload's start",
        .utf16: "this looks like UTF-16; JSON must be UTF-8",
        .cutCharacter: "a UTF-8 character is cut off",
        .encodedSurrogate: "half of a surrogate pair is encoded, which UTF-8 forbids",
        .formData: "this looks like form data, not JSON",
        .markup: "this looks like XML or HTML, not JSON",
        .notANumber: "JSON has no NaN",
        .infinity: "JSON has no Infinity",
        .hugeNumber: "a number that is infinite as a double",
        .plusSign: "a number must not begin with a plus sign",
        .leadingZero: "a number must not begin with a zero",
        .badNumber: "not a number by RFC 8259",
        .badWord: "a word that is none of true, false and null",
        .singleQuotes: "single quotes instead of double quotes",
        .bareKey: "a key without double quotes",
        .comment: "JSON has no comments",
        .lineBreakInString: "a line break in a string, unescaped",
        .badUnicodeEscape: "a Unicode escape without four hexadecimal digits",
        .loneSurrogate: "a lone surrogate: half of an escaped character, such as a cut emoji",
        .unterminatedString: "a string begins that does not end",
        .missingValue: "a value is missing",
        .missingColon: "a colon is missing",
        .missingComma: "a comma is missing",
        .trailingComma: "a trailing comma",
        .textBehind: "something stands behind the value",
        .insideDamaged: "part of something that is damaged before it",
        .eventTooLarge: "the event is larger than limits.event",
        .tooMuchHandedDown: "its batch hands down more than limits.event allows",
        .tooManyCopies: "its batch hands down more than a message of this length may copy; send "
            + "fewer events with it",
    ]

    /// Names the type of a value, by its first byte.
    private static func type(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""): "a string"
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "a boolean"
        case UInt8(ascii: "n"): "null"
        default: "a number"
        }
    }
}

extension EventView {
    /// For a rejection, the cause and its place for people: short, plain ASCII without quotes and
    /// backslashes.
    package var detail: String {
        let cause = cause.explanation ?? rejection?.explanation ?? ""
        return "byte \(errorOffset): \(cause)"
    }
}
