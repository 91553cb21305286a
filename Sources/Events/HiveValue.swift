/// Partition values in folder names, in the format of Hive and Spark.
///
/// Both escape a fixed set of ASCII characters as `%XX` and keep all others, so a reader that
/// decodes each `%XX` restores every value.
package enum HiveValue {
    /// The name of an empty value.
    package static let missing = "__HIVE_DEFAULT_PARTITION__"
    /// The name of the values beyond `partition.maxValues`.
    package static let other = "__other__"
    /// The name of the time of late events with `partition.late.into: late`.
    package static let late = "__late__"
    /// The longest escaped value in bytes; longer ones are cut and end in a hash.
    package static let bytesMax = 64

    /// Returns the name of a value: the characters that Hive escapes, and a leading dot, as `%XX`.
    ///
    /// A result longer than ``bytesMax`` is cut between two characters and ends in `-` and 16
    /// hexadecimal digits of the value's FNV-1a hash. A value equal to ``missing`` has its first
    /// character escaped. Bytes that are not UTF-8 are escaped one by one.
    ///
    /// Never empty, `.` or `..`; contains no path separator and no ASCII control character.
    package static func escape(_ bytes: UnsafeRawBufferPointer) -> String {
        if bytes.isEmpty { return missing }
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let length = characterLength(bytes, at)
            let isPlain = length > 1 || isPlain(bytes[at])
            let isHidden = at == 0 && (bytes[0] == UInt8(ascii: ".") || isMissing(bytes))
            let width = isPlain && !isHidden ? length : 3
            if out.count + width > bytesMax {
                return String(decoding: out, as: UTF8.self) + cutSuffix(bytes)
            }
            if isPlain && !isHidden {
                out += bytes[at..<(at + length)]
            } else {
                out += [UInt8(ascii: "%"), digit(bytes[at] >> 4), digit(bytes[at] & 15)]
            }
            at += length
        }
        return String(decoding: out, as: UTF8.self)
    }

    package static func escape(_ text: String) -> String {
        var text = text
        return text.withUTF8 { escape(UnsafeRawBufferPointer($0)) }
    }

    /// Whether a folder's name represents `value`.
    ///
    /// True also for names of earlier versions, which escaped each byte outside `[A-Za-z0-9._-]`
    /// and could split a character.
    package static func isName(_ name: some StringProtocol, of value: String) -> Bool {
        let value = Array(value.utf8)
        if name.utf8.elementsEqual(missing.utf8) {
            return value.isEmpty || value == Array(missing.utf8)
        }
        let plain = unescape(name)
        if plain == value { return true }
        let suffix = value.withUnsafeBytes { Array(cutSuffix($0).utf8) }
        guard plain.count > suffix.count, plain.suffix(suffix.count) == suffix[...] else {
            return false
        }
        return value.starts(with: plain.dropLast(suffix.count))
    }

    private static func unescape(_ name: some StringProtocol) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let first = rest.popFirst() {
            if first == UInt8(ascii: "%"), rest.count >= 2,
                let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(first)
            }
        }
        return bytes
    }

    private static func isMissing(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.elementsEqual(missing.utf8)
    }

    /// Bytes of the UTF-8 character at `at`; 1 for ASCII and for invalid UTF-8.
    private static func characterLength(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
        let length =
            switch bytes[at] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        guard length > 1, at + length <= bytes.count,
            String(validating: bytes[at..<(at + length)], as: UTF8.self) != nil
        else { return 1 }
        return length
    }

    /// Whether Hive's `FileUtils` and Spark's `ExternalCatalogUtils` keep an ASCII character.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<0x20, 0x7F...: false
        case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "%"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="),
            UInt8(ascii: "?"), UInt8(ascii: "\\"), UInt8(ascii: "{"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "^"):
            false
        default: true
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 48 + value : 55 + value
    }

    private static func cutSuffix(_ bytes: UnsafeRawBufferPointer) -> String {
        let digits = String(hash(bytes), radix: 16)
        return "-" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
