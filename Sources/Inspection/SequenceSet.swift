/// The sequence numbers found of one source and run: one bit each, in pages that are freed when
/// they are full.
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

    /// Adds a number; returns false if it was there.
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

    func contains(_ number: UInt64) -> Bool {
        guard let words = pages[number / UInt64(Self.pageBits)] else { return false }
        let bit = Int(number % UInt64(Self.pageBits))
        return words.isEmpty || words[bit / 64] & (UInt64(1) << UInt64(bit % 64)) != 0
    }

    /// Returns the missing numbers of `range`, as ranges in order: the first `limit` of them, and
    /// how many numbers there are in all.
    func missing(
        in range: ClosedRange<UInt64>,
        limit: Int
    ) -> (ranges: [ClosedRange<UInt64>], count: UInt64) {
        let upper = min(range.upperBound, .max - 1)
        var gaps = GapList(limit: limit)
        var number = range.lowerBound
        // Page by page of existing ones: numbers in a file may be far apart.
        for page in pages.keys.sorted() where number <= upper {
            let first = page * UInt64(Self.pageBits)
            let last = first + UInt64(Self.pageBits - 1)
            guard last >= number, first <= upper else { continue }
            if first > number { gaps.add(number...(first - 1)) }
            let (from, to) = (max(number, first), min(last, upper))
            if pages[page]?.isEmpty == false {
                for number in from...to where !contains(number) { gaps.add(number...number) }
            }
            if to == upper { return gaps.result }
            number = to + 1
        }
        if number <= upper { gaps.add(number...upper) }
        return gaps.result
    }

    /// Joins ranges that touch.
    private struct GapList {
        let limit: Int
        var ranges: [ClosedRange<UInt64>] = []
        var count: UInt64 = 0
        var last: ClosedRange<UInt64>?

        init(limit: Int) { self.limit = limit }

        mutating func add(_ range: ClosedRange<UInt64>) {
            count += range.upperBound - range.lowerBound + 1
            if let before = last, before.upperBound + 1 == range.lowerBound {
                last = before.lowerBound...range.upperBound
                return
            }
            flush()
            last = range
        }

        mutating func flush() {
            if let last, ranges.count < limit { ranges.append(last) }
            last = nil
        }

        var result: (ranges: [ClosedRange<UInt64>], count: UInt64) {
            var list = self
            list.flush()
            return (list.ranges, count)
        }
    }

    /// The number of missing numbers between the lowest and the highest.
    var missing: UInt64 { count == 0 ? 0 : highest - lowest - (count - 1) }
}
