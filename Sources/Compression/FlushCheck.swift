/// The check that follows every flush of a ``GzipEncoder``: the CRC-32 of all raw bytes before it.
///
/// A gzip member has one checksum, at its end. So in a file that is still being written nothing
/// would reveal a lost sector or a flipped bit in committed text. Deflate has bits for it that no
/// reader uses: an empty stored block that begins on a byte boundary has five bits before its
/// length that RFC 1951 (§3.2.4) makes every reader skip. Seven such blocks, 35 bytes, carry the 32
/// bits of the CRC, lowest first, and three zeros:
///
///     ccccc000 00 00 FF FF   seven times; c: five bits of the check
///
/// A flush thus still ends with `00 00 FF FF`, and the file is still one member.
package enum FlushCheck {
    /// Empty blocks per check.
    package static let blocks = 7
    /// Bytes of one block, and of a whole check.
    package static let blockBytes = 5
    package static let bytes = blocks * blockBytes

    /// The byte at `index` (0 to 34) of the check of a CRC-32.
    package static func byte(_ index: Int, of crc32: UInt32) -> UInt8 {
        switch index % blockBytes {
        case 0:
            let bits = UInt64(crc32) >> UInt64(5 * (index / blockBytes)) & 31
            return UInt8(truncatingIfNeeded: bits << 3)
        case 1, 2: return 0
        default: return 0xff
        }
    }

    /// Bytes of the marker that ends a flush, `00 00 FF FF`, and of the check after it.
    package static let bytesWithMarker = 4 + bytes

    /// Whether `bytes` starts with a flush marker and a complete check of some CRC, except for a
    /// few wrong bits.
    ///
    /// The limit is below eight bits: a check that lacks its last byte does not match. The marker
    /// is included, because a flush and the first six blocks of its check look like seven blocks.
    package static func isLikely(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= bytesWithMarker else { return false }
        var wrongBits = 0
        for index in 0..<bytesWithMarker {
            // Shifted by one byte, the flush marker has the form of a block's end.
            let wrong =
                switch (index + 1) % blockBytes {
                case 0: bytes[index] & 7
                case 1, 2: bytes[index]
                default: ~bytes[index]
                }
            wrongBits += wrong.nonzeroBitCount
            if wrongBits > wrongBitsMax { return false }
        }
        return true
    }

    private static let wrongBitsMax = 4

    /// Collects the bits of consecutive empty blocks.
    package struct Collector: Equatable, Sendable {
        /// Consecutive empty blocks so far.
        package private(set) var blocks = 0
        private var bits: UInt64 = 0

        package init() {}

        /// Adds the first byte of an empty block.
        package mutating func add(_ head: UInt8) {
            blocks += 1
            bits = bits >> 5 | UInt64(head >> 3) << 30
        }

        /// Whether the last seven blocks are the check of a CRC-32.
        package func matches(_ crc32: UInt32) -> Bool {
            blocks >= FlushCheck.blocks && bits == UInt64(crc32)
        }
    }
}
