import Testing

@testable import Control

@Suite struct StatsFiguresTests {
    @Test func worksOutRatesBetweenTwoSnapshots() throws {
        let first = Sample.stats(received: 100, cpuSeconds: 1)
        let later = Sample.stats(
            received: 300,
            time: "2026-11-22T10:00:02.123456Z",
            cpuSeconds: 2
        )
        let figures = StatsFigures(later, after: first)
        #expect(figures.eventsPerSecond == 100)
        #expect(figures.bytesPerSecond == 10_000)
        #expect(figures.cpu == 0.5)
        #expect(figures.ringFill == 0.25)
        #expect(figures.ratio == 5)
        #expect(figures.commitP99 == 2.5)
        #expect(figures.timeOfDay == "10:00:02")
        #expect(figures.isBalanced)
    }

    @Test func takesTheDaemonsRateWithoutASnapshotBefore() {
        let figures = StatsFigures(Sample.stats())
        #expect(figures.eventsPerSecond == 10)
        #expect(figures.bytesPerSecond == 4650)
        #expect(figures.cpu == nil)
    }

    @Test func doesNotCompareAcrossRunsOrBackInTime() {
        let first = Sample.stats()
        let restarted = Sample.stats(time: "2026-11-22T10:00:02.123456Z", run: "r2")
        #expect(StatsFigures(restarted, after: first).cpu == nil)
        #expect(StatsFigures(first, after: first).cpu == nil)
        let broken = Sample.stats(time: "soon")
        #expect(StatsFigures(broken, after: first).cpu == nil)
        #expect(StatsFigures(broken).timeOfDay == "soon")
    }

    @Test func seesASourceThatDoesNotAddUp() {
        var stats = Sample.stats()
        stats.sources["reliable"]?.ledger.received += 1
        #expect(!StatsFigures(stats).isBalanced)
    }
}

@Suite struct TimestampTextTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000000Z"),
        (1_795_341_600_123_456_789, "2026-11-22T10:00:00.123456Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (Int64.max, "2262-04-11T23:47:16.854775Z"),
        (Int64.min, "1677-09-21T00:12:43.145224Z"),
    ])
    func writesUTC(nanoseconds: Int64, text: String) {
        #expect(TimestampText.text(nanoseconds: nanoseconds) == text)
    }

    @Test func readsBackDaysOfFourCenturies() {
        for day in stride(from: Int64(-73_000), to: 73_000, by: 13) {
            let nanoseconds = day * 86_400_000_000_000 + 45_296_000_001_000
            let text = TimestampText.text(nanoseconds: nanoseconds)
            guard TimestampText.nanoseconds(text) == nanoseconds else {
                Issue.record("\(text) is not read back")
                return
            }
        }
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T10:00:00Z", "2026-13-22T10:00:00.123456Z",
        "2026-11-22T24:00:00.123456Z", "2026-11-22 10:00:00.123456Z", "9999-12-31T00:00:00.000000Z",
        "2026-11-22T10:00:00.12345٣",
    ])
    func refusesWhatItDoesNotWrite(text: String) {
        #expect(TimestampText.nanoseconds(text) == nil)
    }
}
