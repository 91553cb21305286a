/// Which sequence numbers of one source and run were seen: a bit each, in pages that shrink to
/// nothing when they are full.
///
/// A hundred million numbers in order cost some kilobytes, in any order 12 MiB.
struct SequenceSet {
    private static let pageBits = 1 << 16
    /// By number / 65,536; an empty array is a full page.
    private var pages: [UInt64: [UInt64]] = [:]
    private var counts: [UInt64: Int] = [:]

    /// How many different numbers there are.
    private(set) var count: UInt64 = 0
    private(set) var lowest: UInt64 = .max
    private(set) var highest: UInt64 = 0

    /// Adds a number; false when it was there.
    mutating func insert(_ number: UInt64) -> Bool {
        let page = number / UInt64(Self.pageBits)
        let bit = Int(number % UInt64(Self.pageBits))
        let mask = UInt64(1) << UInt64(bit % 64)
        var isNew = false
        let isFull = pages[page].map(\.isEmpty) ?? false
        if !isFull {
            pages[page, default: Array(repeating: 0, count: Self.pageBits / 64)]
                .withUnsafeMutableBufferPointer { words in
                    isNew = words[bit / 64] & mask == 0
                    words[bit / 64] |= mask
                }
        }
        guard isNew else { return false }
        count += 1
        lowest = min(lowest, number)
        highest = max(highest, number)
        let pageCount = counts[page, default: 0] + 1
        counts[page] = pageCount == Self.pageBits ? nil : pageCount
        if pageCount == Self.pageBits { pages[page] = [] }
        return true
    }

    /// Numbers between the lowest and the highest that were not seen.
    var missing: UInt64 { count == 0 ? 0 : highest - lowest - (count - 1) }
}
