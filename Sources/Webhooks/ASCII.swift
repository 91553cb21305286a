import Digest

/// Small questions about bytes that are meant as ASCII.
enum ASCII {
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    static func hexDigit(_ byte: UInt8) -> UInt8? { Hex.digit(byte) }

    /// A blank or a tabulator.
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Returns the text without blanks around it.
    static func trimmed(_ text: some BidirectionalCollection<UInt8>) -> [UInt8] {
        guard let start = text.firstIndex(where: { !isBlank($0) }),
            let last = text.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return Array(text[start...last])
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] { text.map(lowercased) }

    /// Returns the value of 1 to 15 digits; nil for any other text.
    static func number(_ text: [UInt8]) -> Int64? {
        guard (1...15).contains(text.count), text.allSatisfy(isDigit) else { return nil }
        return text.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    /// Returns the text with its percent escapes decoded, one round.
    ///
    /// A `%` without two hexadecimal digits after it stays as it is.
    static func percentDecoded(_ text: some Sequence<UInt8>, plusIsBlank: Bool) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.underestimatedCount)
        appendPercentDecoded(text, plusIsBlank: plusIsBlank, to: &decoded)
        return decoded
    }

    static func appendPercentDecoded(
        _ text: some Sequence<UInt8>,
        plusIsBlank: Bool,
        to decoded: inout [UInt8]
    ) {
        // Nothing, or the place of a '%' in the text so far that the next digits may complete.
        var escape: Int?
        for byte in text {
            decoded.append(plusIsBlank && byte == UInt8(ascii: "+") ? 0x20 : byte)
            if byte == UInt8(ascii: "%") {
                escape = decoded.count - 1
            } else if let start = escape {
                guard let digit = hexDigit(byte) else {
                    escape = nil
                    continue
                }
                guard decoded.count - start == 3 else { continue }
                let high = hexDigit(decoded[start + 1]) ?? 0
                decoded.removeLast(3)
                decoded.append(high << 4 | digit)
                escape = nil
            }
        }
    }
}
