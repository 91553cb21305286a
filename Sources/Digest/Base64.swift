/// Base64 (RFC 4648), with either alphabet.
package enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    /// The value of each byte; 255 for those in neither alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        return values
    }()

    /// Returns the bytes of a text in the usual or in the URL-safe alphabet; nil if it is neither.
    ///
    /// The padding may be missing. There is one text per value otherwise: no white space, and no
    /// bits that have no meaning.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        var count = text.count
        if count.isMultiple(of: 4), count > 0 {
            for _ in 0..<2 where text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        }
        guard count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var held = 0
        for digit in text.prefix(count) {
            let value = values[Int(digit)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            bits &= 1 << UInt32(held) - 1
        }
        return bits == 0 ? bytes : nil
    }

    /// Appends the text of `bytes` in the usual alphabet, with padding.
    package static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        var at = 0
        while at < bytes.count {
            let count = min(3, bytes.count - at)
            var bits: UInt32 = 0
            for offset in 0..<3 {
                bits = bits << 8 | (offset < count ? UInt32(bytes[at + offset]) : 0)
            }
            for offset in 0..<4 {
                let digit = digits[Int(bits >> UInt32(18 - 6 * offset) & 63)]
                text.append(offset <= count ? digit : UInt8(ascii: "="))
            }
            at += 3
        }
    }
}
