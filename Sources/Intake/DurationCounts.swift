/// A histogram of durations whose counts only grow, for readers that compare two readings, as
/// Prometheus does.
package struct DurationCounts: Sendable, Equatable {
    /// Upper bounds of the buckets, in microseconds, inclusive; the bucket after the last has none.
    package static let endsMicroseconds = [
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        2_500_000, 5_000_000, 10_000_000, 30_000_000,
    ]

    /// Counts by bucket; one more than ``endsMicroseconds``.
    package private(set) var counts = [Int](repeating: 0, count: endsMicroseconds.count + 1)
    package private(set) var sumMicroseconds = 0

    package init() {}

    package var count: Int { counts.reduce(0, +) }

    package mutating func add(microseconds: Int) {
        let ends = Self.endsMicroseconds
        counts[ends.firstIndex { microseconds <= $0 } ?? ends.count] += 1
        sumMicroseconds &+= microseconds
    }

    package static func += (sum: inout DurationCounts, other: DurationCounts) {
        for step in sum.counts.indices { sum.counts[step] += other.counts[step] }
        sum.sumMicroseconds &+= other.sumMicroseconds
    }
}
