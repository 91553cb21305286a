import Control

/// Mean rates over the last 1, 10 and 60 seconds, from totals sampled about once a second.
///
/// A value: it is told the totals and their times.
struct RateMeter {
    struct Sample {
        /// Monotonic nanoseconds.
        var at: Int64
        var events: Int
        var bytes: Int
    }

    private static let windows: [(name: String, seconds: Int64)] = [
        ("1s", 1), ("10s", 10), ("60s", 60),
    ]
    private var samples: [Sample] = []

    mutating func add(_ sample: Sample) {
        samples.append(sample)
        let oldest = sample.at - 61_000_000_000
        while samples.count > 2, samples[1].at < oldest { samples.removeFirst() }
    }

    /// The rates up to the latest sample; 0 before the second sample.
    var rates: [String: RateStats] {
        var rates: [String: RateStats] = [:]
        for window in Self.windows { rates[window.name] = rate(seconds: window.seconds) }
        return rates
    }

    private func rate(seconds: Int64) -> RateStats {
        guard let last = samples.last else { return RateStats(events: 0, bytes: 0) }
        // Samples come a little early or late; half a period of tolerance finds the right one.
        let start = last.at - seconds * 1_000_000_000 - 500_000_000
        guard let first = samples.first(where: { $0.at >= start }), first.at < last.at else {
            return RateStats(events: 0, bytes: 0)
        }
        let elapsed = Double(last.at - first.at) / 1e9
        return RateStats(
            events: Double(last.events - first.events) / elapsed,
            bytes: Double(last.bytes - first.bytes) / elapsed
        )
    }
}
