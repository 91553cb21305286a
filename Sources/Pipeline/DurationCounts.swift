/// How often something took how long, in steps that only grow: for whoever asks now and then and
/// compares, as Prometheus does.
package struct DurationCounts: Sendable, Equatable {
    /// Where a step ends, in microseconds, included; behind the last is one without an end.
    package static let endsMicroseconds = [
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        2_500_000, 5_000_000, 10_000_000, 30_000_000,
    ]

    /// By step; one more than ``endsMicroseconds``.
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
