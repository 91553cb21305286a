/// Reads and writes the content of a JSON string.
enum JSONText {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Writes valid UTF-8 with the escapes that RFC 8259 requires, and returns the end.
    ///
    /// Text that was read from a JSON string is never longer than it was there. `out` must have
    /// room for six times the bytes of `text`.
    @inline(__always)
    static func write(
        _ text: UnsafeRawBufferPointer,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        guard let start = text.baseAddress else { return out }
        let end = UnsafeMutableRawPointer(out)
        var at = 0
        while at + 8 <= text.count {
            let word = start.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if mustEscape(word) { return escape(text, from: at, out) }
            end.storeBytes(of: word, toByteOffset: at, as: UInt64.self)
            at += 8
        }
        while at < text.count {
            if mustEscape(text[at]) { return escape(text, from: at, out) }
            end.storeBytes(of: text[at], toByteOffset: at, as: UInt8.self)
            at += 1
        }
        return out + at
    }

    /// Returns a text with the escapes that RFC 8259 requires.
    static func escaped(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { text in
            [UInt8](unsafeUninitializedCapacity: 6 * text.count) { buffer, count in
                guard let out = buffer.baseAddress else { return }
                count = write(UnsafeRawBufferPointer(text), to: out) - out
            }
        }
    }

    @inline(__always)
    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Whether one of eight bytes must be escaped.
    @inline(__always)
    private static func mustEscape(_ word: UInt64) -> Bool {
        let quote = word ^ 0x2222_2222_2222_2222
        let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let found =
            (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote
            | (backslash &- ones) & ~backslash
        return found & highs != 0
    }

    /// Writes the text from `start` on, after the part already written.
    @inline(never)
    private static func escape(
        _ text: UnsafeRawBufferPointer,
        from start: Int,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var end = out + start
        for at in start..<text.count {
            let byte = text[at]
            guard mustEscape(byte) else {
                end.pointee = byte
                end += 1
                continue
            }
            end.pointee = UInt8(ascii: "\\")
            if let short = letter(byte) {
                end[1] = short
                end += 2
            } else {
                end[1] = UInt8(ascii: "u")
                end[2] = UInt8(ascii: "0")
                end[3] = UInt8(ascii: "0")
                end[4] = 48 + byte >> 4
                end[5] = byte & 15 < 10 ? 48 + byte & 15 : 87 + byte & 15
                end += 6
            }
        }
        return end
    }

    /// Returns the letter of a two-character escape.
    private static func letter(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        default: nil
        }
    }

    /// Returns the text without the escapes that ``write(_:to:)`` writes, in `out`, which must have
    /// room for all of it; nil if it contains another escape.
    static func unescape(
        _ text: UnsafeRawBufferPointer,
        to out: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard text.count <= out.count else { return nil }
        var (at, end) = (0, 0)
        while at < text.count {
            var byte = text[at]
            at += 1
            if byte == UInt8(ascii: "\\") {
                guard at < text.count, let (plain, width) = plain(text, at) else { return nil }
                byte = plain
                at += width
            }
            out[end] = byte
            end += 1
        }
        return UnsafeRawBufferPointer(rebasing: out[..<end])
    }

    /// Returns the byte that an escape stands for, and the escape's length without the backslash.
    private static func plain(_ text: UnsafeRawBufferPointer, _ at: Int) -> (UInt8, Int)? {
        switch text[at] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return (text[at], 1)
        case UInt8(ascii: "b"): return (0x08, 1)
        case UInt8(ascii: "t"): return (0x09, 1)
        case UInt8(ascii: "n"): return (0x0A, 1)
        case UInt8(ascii: "f"): return (0x0C, 1)
        case UInt8(ascii: "r"): return (0x0D, 1)
        case UInt8(ascii: "u"):
            guard text.count - at >= 5 else { return nil }
            let digits = String(decoding: text[(at + 1)..<(at + 5)], as: UTF8.self)
            // Bytes from 0x20 on are never escaped this way.
            guard let value = UInt8(digits, radix: 16), value < 0x20 else { return nil }
            return (value, 5)
        default: return nil
        }
    }
}
