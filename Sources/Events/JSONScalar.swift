/// Reads a string or a number of valid JSON as a text.
package enum JSONScalar {
    /// Writes a value's text into `room`: of a string its content, of a number its digits as they are.
    ///
    /// - Returns: the text's bytes; nil for any other value, and for what has no room.
    package static func write(
        _ value: UnsafeRawBufferPointer,
        to room: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard let first = value.first else { return nil }
        if first == UInt8(ascii: "\""), value.count >= 2 {
            return unescape(
                UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)]),
                to: room
            )
        }
        guard first == UInt8(ascii: "-") || (48...57).contains(first), value.count <= room.count
        else { return nil }
        room.copyMemory(from: value)
        return value.count
    }

    private static func unescape(
        _ text: UnsafeRawBufferPointer,
        to room: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var (at, count) = (0, 0)
        while at < text.count {
            // The longest character has four bytes.
            guard count + 4 <= room.count || text.count - at <= room.count - count else {
                return nil
            }
            guard text[at] == UInt8(ascii: "\\") else {
                room[count] = text[at]
                (at, count) = (at + 1, count + 1)
                continue
            }
            guard at + 1 < text.count, let scalar = scalar(text, &at) else { return nil }
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                room[count] = byte
                count += 1
            }
        }
        return count
    }

    /// The character of the escape at `at`, which is moved behind it.
    private static func scalar(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Unicode.Scalar? {
        let letter = text[at + 1]
        at += 2
        switch letter {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: return Unicode.Scalar(letter)
        }
        guard let high = unit(text, &at) else { return nil }
        guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
        at += 2
        guard let low = unit(text, &at), (0xDC00..<0xE000).contains(low) else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }

    private static func unit(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> UInt32? {
        guard at + 4 <= text.count else { return nil }
        defer { at += 4 }
        return UInt32(String(decoding: text[at..<(at + 4)], as: UTF8.self), radix: 16)
    }
}
