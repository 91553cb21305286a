import Intake
import NIOHTTP1
import Platform

/// How much of their rates keys have used.
struct Quotas {
    /// Seconds of its rate that a key may send at once.
    private static let burstSeconds = 2
    private static let secondsMax: Int64 = 300

    private var buckets: [String: TokenBucket] = [:]

    /// Counts a request; returns the seconds to wait if `name` has used its rate.
    ///
    /// `now`: monotonic nanoseconds.
    mutating func wait(for name: String, rate: Int, at now: Int64) -> Int? {
        let wait = buckets[name, default: TokenBucket()]
            .takeOne(rate: rate, seconds: Self.burstSeconds, at: now)
        guard wait > 0 else { return nil }
        return Int(min(Self.secondsMax, (wait + 999_999_999) / 1_000_000_000))
    }
}

extension Reply {
    static func quota(seconds: Int) -> Reply {
        let reset = SystemClock.wallMicroseconds / 1_000_000 + Int64(seconds)
        return refused(
            .tooManyRequests,
            .quota,
            why: "the key has used its rate; send again in \(seconds) s",
            fields: [retry(seconds: seconds), ("X-RateLimit-Reset", "\(reset)")]
        )
    }
}
