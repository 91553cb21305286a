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
