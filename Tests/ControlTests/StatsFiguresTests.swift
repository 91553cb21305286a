import Foundation
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

    @Test func whatRecoveryAddsOfEarlierRunsIsNoIntake() {
        let first = Sample.stats(received: 100)
        var later = Sample.stats(received: 300, time: "2026-11-22T10:00:02.123456Z")
        later.ledger.received += 5_000_000
        later.ledger.written += 5_000_000
        let figures = StatsFigures(later, after: first)
        #expect(figures.eventsPerSecond == 100)
        #expect(figures.written == 300)
    }

    @Test func saysWhenNotAllSourcesAreOpen() {
        var stats = Sample.stats()
        #expect(StatsFigures(stats).stateText == "running")
        stats.sources["other"] = SourceStats(state: .paused, ledger: Ledger())
        #expect(StatsFigures(stats).stateText == "1/2 open")
        stats.sources["gone"] = SourceStats(ledger: Ledger())
        #expect(StatsFigures(stats).stateText == "1/2 open")
        stats.state = .blocked
        #expect(StatsFigures(stats).stateText == "blocked")
    }

    @Test func aCommitLongAgoHasNoQuantile() {
        var stats = Sample.stats()
        stats.commit.recent = 0
        #expect(StatsFigures(stats).commitP99 == nil)
    }

    @Test func readsTheAnswerOfAnOlderDaemon() throws {
        var stats = Sample.stats()
        stats.thisRun = nil
        stats.why = nil
        stats.commit.recent = nil
        stats.rings = [RingStats(capacity: 4, used: 1, highWater: 2, full: 0)]
        stats.sources["reliable"]?.state = nil
        stats.sources["reliable"]?.thisRun = nil
        let json = String(decoding: try JSONEncoder().encode(stats), as: UTF8.self)
        for key in ["thisRun", "recent", "writer"] {
            #expect(!json.contains("\"\(key)\""))
        }
        let read = try JSONDecoder().decode(StatsAnswer.self, from: Data(json.utf8))
        let figures = StatsFigures(read)
        #expect(figures.written == 1_090 && figures.commitP99 == 2.5)
        #expect(figures.stateText == "running")
    }

    @Test func seesASourceThatDoesNotAddUp() {
        var stats = Sample.stats()
        stats.sources["reliable"]?.ledger.received += 1
        #expect(!StatsFigures(stats).isBalanced)
    }
}
