import Intake
import Testing

@testable import Pipeline

@Suite struct CommitTimesTests {
    private let second: Int64 = 1_000_000_000

    @Test func stepsIncludeTheirEnd() {
        var counts = DurationCounts()
        for microseconds in [0, 1_000, 1_001, 30_000_000, 30_000_001, .max / 2] {
            counts.add(microseconds: microseconds)
        }
        #expect(counts.counts.first == 2 && counts.counts[1] == 1)
        #expect(counts.counts.suffix(2) == [1, 2])
        #expect(counts.count == 6)
        #expect(counts.counts.count == DurationCounts.endsMicroseconds.count + 1)
        #expect(DurationCounts.endsMicroseconds == DurationCounts.endsMicroseconds.sorted())
    }

    @Test func stepsOfSeveralWritersAddUp() {
        var first = DurationCounts()
        var second = DurationCounts()
        first.add(microseconds: 700)
        second.add(microseconds: 800)
        second.add(microseconds: 2_000_000)
        first += second
        #expect(first.count == 3 && first.counts[0] == 2)
        #expect(first.sumMicroseconds == 2_000_000 + 1_500)
    }

    @Test func aSlowDiskShowsWhenItIsSlowAndNoLonger() {
        var recent = RecentDurations()
        // A long fast period, a slow one, and a fast one again.
        for number in 0..<100 { recent.add(microseconds: 500, at: Int64(number) * second) }
        for number in 100..<110 { recent.add(microseconds: 1_500_000, at: Int64(number) * second) }
        let bad = PipelineSnapshot.Quantiles(recent.times(at: 109 * second))
        #expect(bad.count == 10 && bad.p50 > 1_400_000 && bad.max > 1_400_000)
        for number in 110..<119 { recent.add(microseconds: 500, at: Int64(number) * second) }
        let still = PipelineSnapshot.Quantiles(recent.times(at: 118 * second))
        #expect(still.count == 10 && still.p50 < 600 && still.max > 1_400_000)
        let good = PipelineSnapshot.Quantiles(recent.times(at: 119 * second))
        #expect(good.count == 9 && good.max < 600)
        #expect(PipelineSnapshot.Quantiles(recent.times(at: 200 * second)).count == 0)
    }

    @Test func takesNoMorePlacesThanSeconds() {
        var recent = RecentDurations()
        for number in 0..<1_000 {
            recent.add(microseconds: number, at: Int64(number) * second / 7)
            let times = PipelineSnapshot.Quantiles(recent.times(at: Int64(number) * second / 7))
            #expect(times.count <= 70 && times.count >= min(number, 63))
        }
    }

    @Test func durationsBeyondMeasureAreTheLongest() {
        var recent = RecentDurations()
        recent.add(microseconds: .max, at: 5)
        #expect(PipelineSnapshot.Quantiles(recent.times(at: 5)).count == 1)
    }

    @Test func aClockThatWasSetBackIsNoNegativeWait() {
        var times = CommitTimes()
        times.note(begunAt: 0, receivedAt: 5_000, now: 2_000_000, wall: 1_000)
        times.note(begunAt: 0, receivedAt: nil, now: 2_000_000, wall: 900)
        #expect(times.durations.count == 2 && times.durations.sumMicroseconds == 4_000)
        #expect(times.waits.count == 1 && times.waits.sumMicroseconds == 0)
        #expect(times.lastAt == 1_000)
    }
}
