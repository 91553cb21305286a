/// Z85, the text form of binary keys: 5 printable characters for 4 bytes (ZeroMQ RFC 32).
///
/// Any thread may call it.
package enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8
    )

    /// The value of each character, 255 for those outside the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// Writes the text of `bytes`, ASCII without an end mark.
    ///
    /// - Parameters:
    ///   - bytes: a multiple of 4.
    ///   - text: room for exactly 5 characters per 4 bytes.
    package static func encode(
        _ bytes: UnsafeRawBufferPointer,
        into text: UnsafeMutableRawBufferPointer
    ) {
        precondition(bytes.count % 4 == 0 && text.count == bytes.count / 4 * 5)
        for group in 0..<bytes.count / 4 {
            var value = UInt32(
                bigEndian: bytes.loadUnaligned(fromByteOffset: group * 4, as: UInt32.self)
            )
            for place in stride(from: 4, through: 0, by: -1) {
                text[group * 5 + place] = alphabet[Int(value % 85)]
                value /= 85
            }
        }
    }

    /// Returns the text of `bytes`, whose number is a multiple of 4.
    package static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: bytes.count / 4 * 5) { room in
            let count = bytes.count / 4 * 5
            encode(bytes, into: UnsafeMutableRawBufferPointer(room).part(from: 0, count: count))
            return count
        }
    }

    /// Writes the bytes that a text stands for.
    ///
    /// - Returns: false, with `bytes` in part written, if the text is not exactly as long as `bytes`
    ///   requires, has a character outside the alphabet, or a group above 2^32 - 1.
    package static func decode(
        _ text: UnsafeRawBufferPointer,
        into bytes: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard bytes.count % 4 == 0, text.count == bytes.count / 4 * 5 else { return false }
        for group in 0..<bytes.count / 4 {
            var value: UInt64 = 0
            for place in 0..<5 {
                let digit = values[Int(text[group * 5 + place])]
                guard digit < 85 else { return false }
                value = value * 85 + UInt64(digit)
            }
            guard let word = UInt32(exactly: value) else { return false }
            bytes.storeBytes(of: word.bigEndian, toByteOffset: group * 4, as: UInt32.self)
        }
        return true
    }
}
