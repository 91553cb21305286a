import Control
import Testing

@testable import Daemon

@Suite struct LifeRateMeterTests {
    private func sample(_ seconds: Double, _ events: Int) -> RateMeter.Sample {
        RateMeter.Sample(at: Int64(seconds * 1e9), events: events, bytes: events * 100)
    }

    @Test func isZeroBeforeThereAreTwoSamples() {
        var meter = RateMeter()
        let zero = RateStats(events: 0, bytes: 0)
        #expect(meter.rates == ["1s": zero, "10s": zero, "60s": zero])
        meter.add(sample(1, 500))
        #expect(meter.rates == ["1s": zero, "10s": zero, "60s": zero])
    }

    @Test func eachWindowHasItsOwnMean() {
        var meter = RateMeter()
        var events = 0
        for second in 0...120 {
            // 10 per second, in the last ten seconds 100, in the last one 1,000.
            events += second > 119 ? 1_000 : second > 110 ? 100 : 10
            meter.add(sample(Double(second), events))
        }
        let rates = meter.rates
        #expect(rates["1s"] == RateStats(events: 1_000, bytes: 100_000))
        #expect(rates["10s"]?.events == 190)
        #expect(rates["60s"]?.events == 40)
    }

    @Test func unevenSamplesAreDividedByTheirTime() {
        var meter = RateMeter()
        meter.add(sample(0, 0))
        meter.add(sample(1.3, 130))
        #expect(abs((meter.rates["1s"]?.events ?? 0) - 100) < 0.001)
    }

    @Test func twoSamplesAtOnceDivideByNothing() {
        var meter = RateMeter()
        meter.add(sample(1, 5))
        meter.add(sample(1, 9))
        #expect(meter.rates["1s"] == RateStats(events: 0, bytes: 0))
    }
}
