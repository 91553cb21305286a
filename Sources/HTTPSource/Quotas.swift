import NIOHTTP1
import Platform

/// How much of their rates keys have used.
struct Quotas {
    private struct Bucket {
        /// Requests that may come at once, in parts of ``scale``.
        var left: Int64
        var filledAt: Int64
    }

    private static let scale: Int64 = 1_000_000_000
    /// Seconds of its rate that a key may send at once.
    private static let burstSeconds: Int64 = 2

    private var buckets: [String: Bucket] = [:]

    /// Counts a request; returns the seconds to wait if the key has used its rate.
    mutating func wait(for key: WriteKey) -> Int? {
        let (rate, now) = (Int64(key.rate), SystemClock.monotonicNanoseconds)
        let most = rate * Self.burstSeconds * Self.scale
        var bucket = buckets[key.name] ?? Bucket(left: most, filledAt: now)
        let passed = min(max(0, now - bucket.filledAt), Self.burstSeconds * Self.scale)
        bucket.left = min(most, bucket.left + passed * rate)
        bucket.filledAt = now
        defer { buckets[key.name] = bucket }
        guard bucket.left >= Self.scale else {
            let missing = (Self.scale - bucket.left + rate - 1) / rate
            return Int(min(300, max(1, (missing + Self.scale - 1) / Self.scale)))
        }
        bucket.left -= Self.scale
        return nil
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
