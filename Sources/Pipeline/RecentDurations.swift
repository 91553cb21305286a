import Histogram
import Intake

/// The durations of the last ten seconds, so that operators see a slow disk only while it is slow.
///
/// A value that is told the time, in monotonic nanoseconds.
struct RecentDurations: Sendable {
    /// How many seconds it covers.
    static let seconds: Int64 = 10

    typealias Times = Histogram<UInt64>

    private struct Second: Sendable {
        /// The second's number on the monotonic clock.
        var number: Int64
        var times: Times
    }

    private static let longestMicroseconds: UInt64 = 600_000_000
    /// One entry per second, reused; the present second is one of them.
    private var ring: [Second] = []

    static func none() -> Times {
        Times(
            highestTrackableValue: longestMicroseconds,
            numberOfSignificantValueDigits: .two
        )
    }

    mutating func add(microseconds: Int, at now: Int64) {
        let number = now / 1_000_000_000
        let value = UInt64(clamping: microseconds)
        let at = place(number)
        _ = ring[at].times.record(min(value, Self.longestMicroseconds))
    }

    /// The durations of the last ten seconds, including the present one.
    func times(at now: Int64) -> Times {
        let number = now / 1_000_000_000
        var sum = Self.none()
        for second in ring where number - second.number < Self.seconds { sum.add(second.times) }
        return sum
    }

    /// Returns the index of a second's entry, cleared if it held an earlier second.
    private mutating func place(_ number: Int64) -> Int {
        if let at = ring.firstIndex(where: { $0.number == number }) { return at }
        if let at = ring.firstIndex(where: { number - $0.number >= Self.seconds }) {
            ring[at].number = number
            ring[at].times.reset()
            return at
        }
        ring.append(Second(number: number, times: Self.none()))
        return ring.count - 1
    }
}

/// The commit times of a writer, as its committer records them.
struct CommitTimes: Sendable {
    /// From the start of a commit until it was durable.
    var durations = DurationCounts()
    /// The same durations, of the last ten seconds.
    var recent = RecentDurations()
    /// From the receipt of a commit's oldest message until it was durable.
    var waits = DurationCounts()
    /// When the last one became durable, in microseconds since 1970 UTC; 0 before the first.
    var lastAt: Int64 = 0

    /// - `begunAt`, `now`: monotonic nanoseconds.
    /// - `receivedAt`, `wall`: microseconds since 1970 UTC; `receivedAt` is nil without messages.
    mutating func note(begunAt: Int64, receivedAt: Int64?, now: Int64, wall: Int64) {
        let duration = Int(max(0, now - begunAt) / 1_000)
        durations.add(microseconds: duration)
        recent.add(microseconds: duration, at: now)
        // The clock may have been set back since.
        if let receivedAt { waits.add(microseconds: Int(max(0, wall - receivedAt))) }
        lastAt = max(lastAt, wall)
    }
}
