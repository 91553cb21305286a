package import Events

/// How long after their own times the events of one day of receipt (UTC) came.
package struct Lateness: Sendable, Equatable {
    /// Days since 1970 UTC.
    package private(set) var day: Int
    /// Events with a readable time, by the bits of their lateness in whole seconds: bucket 0 is below
    /// one second or ahead of the clock, bucket n is below 2ⁿ seconds.
    package private(set) var buckets = [Int](repeating: 0, count: bucketCount)
    /// Events by ``Timeliness``.
    package private(set) var marks = [Int](repeating: 0, count: markCount)

    /// The times of the years 0 to 9999 are less than 2³⁹ seconds apart.
    fileprivate static let bucketCount = 40
    fileprivate static let markCount = 4

    package init(day: Int) {
        self.day = day
    }

    /// `counts`: as ``Counts`` counted them.
    fileprivate init(day: Int, counts: UnsafePointer<Int>) {
        self.day = day
        for at in buckets.indices { buckets[at] = counts[at] }
        for at in marks.indices { marks[at] = counts[Self.bucketCount + at] }
    }

    /// Adds the counts of the same day; those of an older day count for nothing.
    package mutating func merge(_ other: Lateness) {
        if other.day > day {
            self = other
        } else if other.day == day {
            for at in buckets.indices { buckets[at] &+= other.buckets[at] }
            for at in marks.indices { marks[at] &+= other.marks[at] }
        }
    }

    package func count(_ timeliness: Timeliness) -> Int { marks[Int(timeliness.rawValue)] }

    /// Events with and without a readable time.
    package var eventCount: Int { marks.reduce(0, &+) }

    /// Returns the whole seconds within which `share` (0 to 1) of the events with a readable time
    /// came, rounded up to a power of two; nil without any.
    package func seconds(ofShare share: Double) -> Int? {
        let total = buckets.reduce(0, &+)
        guard total > 0 else { return nil }
        let wanted = (Double(total) * share).rounded(.up)
        var sum = 0
        for (bits, count) in buckets.enumerated() {
            sum += count
            if Double(sum) >= wanted { return 1 << bits }
        }
        return nil
    }
}

extension Lateness {
    /// Counts the events of a writer; without an array, because every event touches it.
    struct Counts: ~Copyable {
        private let counts: UnsafeMutablePointer<Int>
        /// Days since 1970 UTC.
        private var day = 0
        /// The end of the day, microseconds since 1970 UTC.
        private var dayEnd: Int64 = .min

        private static let count = bucketCount + markCount

        init() {
            counts = .allocate(capacity: Self.count)
            counts.initialize(repeating: 0, count: Self.count)
        }

        deinit {
            counts.deallocate()
        }

        /// `eventTime`: nil without a readable one.
        mutating func add(_ timeliness: Timeliness, _ eventTime: Int64?, receivedAt: Int64) {
            if receivedAt >= dayEnd { begin(receivedAt) }
            counts[bucketCount + Int(timeliness.rawValue)] &+= 1
            guard let eventTime else { return }
            let seconds = max(0, receivedAt &- eventTime) / 1_000_000
            let bits = Int64.bitWidth &- seconds.leadingZeroBitCount
            counts[min(bits, bucketCount &- 1)] &+= 1
        }

        private mutating func begin(_ receivedAt: Int64) {
            day = Int(receivedAt / 86_400_000_000)
            dayEnd = Int64(day + 1) &* 86_400_000_000
            counts.update(repeating: 0, count: Self.count)
        }

        var sum: Lateness { Lateness(day: day, counts: counts) }
    }
}
