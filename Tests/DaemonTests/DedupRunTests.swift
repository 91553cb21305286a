import Control
import Dedup
import TestSupport
import Testing

@testable import Configuration
@testable import Daemon

@Suite struct DedupRunTests {
    private func fill(_ window: IdentityWindow, _ numbers: Range<Int>) {
        for number in numbers {
            _ = window.admit(
                window.announce(PackedIdentity(first: UInt64(number), second: 1), scope: 0),
                receivedAt: 1_795_000_000_000_000 + Int64(number),
                writer: 0,
                commit: 0
            )
        }
    }

    @Test func saysOnceAnEpisodeThatMemoryDoesNotSuffice() throws {
        let lines = LoggedLines()
        let logger = lines.logger()
        let window = try #require(
            IdentityWindow(IdentityWindow.Configuration(memoryBytesMax: 4 << 20))
        )
        let run = DedupRun()
        let second: Int64 = 1_000_000_000
        run.watchMemory(window, now: 0, logger: logger)
        #expect(lines.all.isEmpty)
        fill(window, 0..<150_000)
        for time in 1...3 { run.watchMemory(window, now: Int64(time) * second, logger: logger) }
        fill(window, 150_000..<200_000)
        run.watchMemory(window, now: 300 * second, logger: logger)
        #expect(lines.all.count == 1 && lines.all[0].hasPrefix("warning dedup.maxMemory"))
        run.watchMemory(window, now: 899 * second, logger: logger)
        #expect(lines.all.count == 1)
        run.watchMemory(window, now: 900 * second, logger: logger)
        #expect(lines.all.count == 2 && lines.all[1] == "notice dedup.maxMemory suffices again")
        fill(window, 200_000..<250_000)
        run.watchMemory(window, now: 901 * second, logger: logger)
        #expect(lines.all.count == 3)
    }

    @Test func saysOnceAnHourASourceThatIDsAreReused() {
        let lines = LoggedLines()
        let logger = lines.logger()
        let run = DedupRun()
        let minute: Int64 = 60_000_000_000
        let text =
            "warning events with the messageId of another event were written, marked idReused"
        run.watchReuse([("a", 0), ("b", 0)], now: 0, logger: logger)
        #expect(lines.all.isEmpty)
        run.watchReuse([("a", 3), ("b", 0)], now: minute, logger: logger)
        #expect(lines.all == [text])
        for at in 2...60 {
            run.watchReuse([("a", 3 + at), ("b", at)], now: Int64(at) * minute, logger: logger)
        }
        #expect(lines.all.count == 2)
        run.watchReuse([("a", 63), ("b", 60)], now: 61 * minute, logger: logger)
        #expect(lines.all.count == 3)
        // No new ones since: nothing is logged.
        run.watchReuse([("a", 63), ("b", 60)], now: 62 * minute, logger: logger)
        run.watchReuse([("a", 63), ("b", 60)], now: 200 * minute, logger: logger)
        #expect(lines.all.count == 4)
        run.watchReuse([("a", 63), ("b", 60)], now: 400 * minute, logger: logger)
        #expect(lines.all.count == 4)
    }

    @Test func statusTellsOfTheWindow() async throws {
        let rig = try LifeRig(more: "dedup: { window: 2h, maxMemory: 8MiB }\n")
        try await rig.recovered()
        let dedup = try await rig.collector.status().dedup
        #expect(dedup.state == "ready" && dedup.why == nil)
        #expect(dedup.windowSeconds == 7_200 && dedup.coveredSeconds == 7_200)
        #expect(dedup.maxMemoryBytes == 8 << 20 && dedup.bytes < 1 << 20)
        #expect(await rig.drain())
        let metrics = await rig.collector.metrics().map(\.name)
        #expect(metrics.contains("touchpoint_dedup_covered_seconds"))
    }

    @Test func dedupIsOnByDefaultWhereProducersAreAnswered() throws {
        func source(_ yaml: String) throws -> Settings.Source {
            let text = "sources: [{ name: a, bind: [\"tcp://127.0.0.1:1\"], \(yaml) }]\n"
            return try SettingsReader.read(yaml: text, file: "x", environment: [:]).sources[0]
        }
        #expect(try source("pattern: router").dedup == .on)
        #expect(try source("pattern: pull").dedup == .off)
        #expect(try source("pattern: sub").dedup == .off)
        #expect(try source("dedup: off, pattern: router").dedup == .off)
        #expect(try source("dedup: on, pattern: pull").dedup == .on)
        // In any order, a default value is not a change.
        #expect(try source("dedup: on, pattern: router") == source("pattern: router"))
    }
}
