/// The CRC-32 of gzip and zlib (RFC 1952, section 8: reflected polynomial 0xEDB88320), computed
/// with one table lookup per byte.
struct CRC32 {
    /// Continues with `bytes`; a value can be kept and continued in several ways.
    private var state: UInt32 = 0xffff_ffff

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? (value >> 1) ^ 0xedb8_8320 : value >> 1
        }
    }

    /// The checksum of all bytes so far.
    var value: UInt32 { ~state }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        Self.table.withUnsafeBufferPointer { table in
            for byte in bytes {
                state = table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ (state >> 8)
            }
        }
        self.state = state
    }

    /// Returns the checksum of `bytes` alone.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32()
        checksum.update(bytes)
        return checksum.value
    }
}
