/// Writes JSON strings.
enum JSONString {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Appends `text` as a JSON string with its quotes.
    ///
    /// Each byte that is no part of UTF-8 becomes U+FFFD, so the string is valid. It has at most six
    /// bytes per byte of `text`, and two more.
    static func append(_ text: some Collection<UInt8>, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for byte in repaired(text).utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                json.append(UInt8(ascii: "\\"))
                json.append(byte)
            case 0..<0x20:
                json += "\\u00".utf8
                json.append(digits[Int(byte >> 4)])
                json.append(digits[Int(byte & 15)])
            default:
                json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }

    /// Returns the text with U+FFFD in place of bytes that are no part of UTF-8.
    static func repaired(_ text: some Collection<UInt8>) -> String {
        String(decoding: text, as: UTF8.self)
    }
}
