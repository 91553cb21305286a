/// A 16-byte digest of a path of any length, for sets that may have millions.
///
/// Two of a million paths share one with a probability below 10^-26.
package struct PathDigest: Hashable {
    private let low: UInt64
    private let high: UInt64

    package init(_ path: String) {
        // FNV-1a (Fowler, Noll, Vo), 64 bits, from two starting points.
        var low: UInt64 = 0xcbf2_9ce4_8422_2325
        var high: UInt64 = 0x6c62_272e_07bb_0142
        for byte in path.utf8 {
            low = (low ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            high = (high ^ UInt64(byte)).byteSwapped &* 0x9e37_79b9_7f4a_7c15
        }
        (self.low, self.high) = (low, high)
    }
}
