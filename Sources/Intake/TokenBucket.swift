/// How much of a rate is left: it fills by the time, up to what its holder may use at once.
///
/// A value that is told the time, in monotonic nanoseconds; a new one is full. A rate of 0 is no
/// limit.
package struct TokenBucket: Sendable {
    private var level = 0.0
    /// Nil before the first use.
    private var filledAt: Int64?

    package init() {}

    /// Takes `count`, whatever is left; returns how long to wait then, in nanoseconds.
    ///
    /// So nothing is split: the holder exceeds its rate by what it takes at once, and then waits.
    package mutating func take(_ count: Int, rate: Int, at now: Int64) -> Int64 {
        guard rate > 0 else { return 0 }
        fill(rate: rate, most: rate, at: now)
        level -= Double(count)
        return wait(for: 0, rate: rate)
    }

    /// Takes one if it is left; returns how long to wait if it is not, in nanoseconds.
    ///
    /// `seconds`: of its rate, what may be taken at once.
    package mutating func takeOne(rate: Int, seconds: Int, at now: Int64) -> Int64 {
        guard rate > 0 else { return 0 }
        fill(rate: rate, most: rate * seconds, at: now)
        let wait = wait(for: 1, rate: rate)
        if wait == 0 { level -= 1 }
        return wait
    }

    private mutating func fill(rate: Int, most: Int, at now: Int64) {
        if let filledAt {
            let passed = Double(max(0, now - filledAt))
            level = min(Double(most), level + Double(rate) * passed / 1e9)
        } else {
            level = Double(most)
        }
        filledAt = now
    }

    private func wait(for count: Double, rate: Int) -> Int64 {
        level >= count ? 0 : Int64((count - level) / Double(rate) * 1e9) + 1
    }
}
