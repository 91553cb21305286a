/// Partition values as Hive and its readers expect them in folder names.
package enum HiveValue {
    /// Stands for a value that is empty.
    package static let missing = "__HIVE_DEFAULT_PARTITION__"
    /// Stands for the values beyond `partition.maxValues`.
    package static let other = "__other__"
    /// Bytes of an escaped value before it is cut and given a hash.
    package static let bytesMax = 64

    /// Bytes outside `[A-Za-z0-9._-]` and a leading dot become `%XX`; what is then longer than
    /// ``bytesMax`` is cut and ends in `-` and 16 hexadecimal digits of its FNV-1a hash.
    ///
    /// Never empty, `.`, `..`, or with a path separator.
    package static func escape(_ bytes: UnsafeRawBufferPointer) -> String {
        if bytes.isEmpty { return missing }
        var out: [UInt8] = []
        for (at, byte) in bytes.enumerated() {
            let width = isPlain(byte, isFirst: at == 0) ? 1 : 3
            if out.count + width > bytesMax {
                return String(decoding: out, as: UTF8.self) + "-" + hex(hash(bytes))
            }
            if width == 1 {
                out.append(byte)
            } else {
                out += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    package static func escape(_ text: String) -> String {
        var text = text
        return text.withUTF8 { escape(UnsafeRawBufferPointer($0)) }
    }

    private static func isPlain(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        case UInt8(ascii: "."): !isFirst
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 48 + value : 55 + value
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
