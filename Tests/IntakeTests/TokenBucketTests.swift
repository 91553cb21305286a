import Intake
import Testing

/// A rate is used as far as it has filled, and no further.
@Suite struct TokenBucketTests {
    private static let second: Int64 = 1_000_000_000

    @Test func aNewOneIsFullAndFillsByTheTime() {
        var bucket = TokenBucket()
        #expect((0..<20).allSatisfy { _ in bucket.takeOne(rate: 10, seconds: 2, at: 0) == 0 })
        let wait = bucket.takeOne(rate: 10, seconds: 2, at: 0)
        #expect((Self.second / 10...Self.second / 10 + 1).contains(wait))
        // What was refused was not taken.
        #expect(bucket.takeOne(rate: 10, seconds: 2, at: wait) == 0)
        #expect(bucket.takeOne(rate: 10, seconds: 2, at: wait) > 0)
    }

    @Test func itNeverHoldsMoreThanItsBurst() {
        var bucket = TokenBucket()
        #expect(bucket.takeOne(rate: 5, seconds: 1, at: 0) == 0)
        let later = 3_600 * Self.second
        #expect((0..<5).allSatisfy { _ in bucket.takeOne(rate: 5, seconds: 1, at: later) == 0 })
        #expect(bucket.takeOne(rate: 5, seconds: 1, at: later) > 0)
    }

    @Test func whatIsTakenAtOnceIsWaitedFor() {
        var bucket = TokenBucket()
        let wait = bucket.take(300, rate: 100, at: 0)
        #expect((2 * Self.second...2 * Self.second + 1).contains(wait))
        #expect(bucket.take(0, rate: 100, at: wait) == 0)
        #expect(bucket.take(1, rate: 100, at: wait) > 0)
    }

    @Test func timeThatGoesBackFillsNothing() {
        var bucket = TokenBucket()
        #expect(bucket.take(100, rate: 100, at: 10 * Self.second) == 0)
        #expect(bucket.take(1, rate: 100, at: 0) > 0)
    }

    @Test func noRateIsNoLimit() {
        var bucket = TokenBucket()
        #expect(bucket.take(.max, rate: 0, at: 0) == 0)
        #expect(bucket.takeOne(rate: 0, seconds: 2, at: 0) == 0)
    }
}
