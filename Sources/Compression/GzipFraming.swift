import CZlib

/// Returns gzip's CRC-32 (RFC 1952 §8) of `bytes` appended to data whose CRC-32 is `crc`.
package func crc32(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
    guard let start = bytes.baseAddress else { return crc }
    let address = start.assumingMemoryBound(to: UInt8.self)
    return UInt32(truncatingIfNeeded: crc32_z(UInt(crc), address, bytes.count))
}

/// Returns the CRC-32 of the last `count` bytes of a text, from the CRC-32 of the whole text and
/// that of the part before them.
package func crc32(ofLast count: UInt64, whole: UInt32, before: UInt32) -> UInt32 {
    // The CRC of two concatenated texts is the first one's, shifted by the length of the second,
    // XORed with the second's.
    let moved = crc32_combine(UInt(before), 0, Int(clamping: count))
    return whole ^ UInt32(truncatingIfNeeded: moved)
}

/// The fixed byte strings of a gzip stream, for code that must end one by hand.
package enum GzipFraming {
    /// Bytes of a header without name, extra field and comment: what `GzipEncoder` writes.
    package static let headerBytes = 10

    /// The magic number, the method deflate, and no flags.
    package static let headerStart: [UInt8] = [0x1f, 0x8b, 0x08, 0x00]

    /// Bytes of the CRC-32 and the length at the end of a member.
    package static let trailerBytes = 8

    /// The end of every completed flush: length and inverted length of an empty stored block.
    package static let flushMarker: [UInt8] = [0x00, 0x00, 0xff, 0xff]

    /// Bytes that `ending` returns.
    package static let endingBytes = 13

    /// Ends a stream that was cut on a byte boundary: a last, empty stored block and the trailer.
    ///
    /// - `crc32`: of all raw bytes of the member.
    /// - `rawBytes`: their count; the trailer stores it modulo 2^32 (RFC 1952 §2.3.1).
    package static func ending(crc32: UInt32, rawBytes: UInt64) -> [UInt8] {
        var bytes: [UInt8] = [0x01, 0x00, 0x00, 0xff, 0xff]
        for word in [crc32, UInt32(truncatingIfNeeded: rawBytes)] {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }
}
