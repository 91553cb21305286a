import Archive
import Configuration
import Control
import Disk
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import Daemon

@Suite struct LifeCollectorTests {
    private let three = ["web", "app", "eventshop"].map { #"{"channel":"\#($0)","n":1}"# }

    @Test func statusTellsWhatRuns() async throws {
        let rig = try LifeRig()
        try await rig.recovered()
        let status = try await rig.collector.status()
        #expect(status.state == .running && status.why == nil)
        #expect(status.node == "life" && status.run == rig.collector.run)
        #expect(status.configuration == rig.configurationPath)
        #expect(status.sources.map(\.name) == ["producers", "reliable"])
        #expect(status.sources.map(\.pattern) == ["pull", "router"])
        #expect(status.sources.allSatisfy { $0.endpoints.count == 1 && $0.state == .running })
        #expect(status.sources.allSatisfy { !$0.endpoints[0].hasSuffix("*") })
        #expect(status.disk.directory == "\(rig.folder.path)/data")
        #expect(status.disk.minimumFreeBytes == 1 << 20)
        #expect(status.disk.totalBytes > 0)
        #expect(status.recovery.state == "done" && status.recovery.filesFound == 0)
        #expect(status.ledgerBalanced)
        #expect(await rig.drain())
    }

    @Test func statsAddUp() async throws {
        let rig = try LifeRig()
        try await rig.recovered()
        rig.collector.sample()
        try await rig.push([three.joined(separator: "\n") + "\nnonsense"], until: 4)
        #expect(try await rig.collector.stats().ledger.isBalanced)
        #expect(try await rig.collector.flush().committed)
        rig.collector.sample()
        let stats = try await rig.collector.stats()
        #expect(stats.ledger.isBalanced)
        #expect(stats.ledger.received == 4 && stats.ledger.written == 3)
        #expect(stats.ledger.quarantined == 1 && stats.ledger.inFlight == 0)
        #expect(stats.ledger.reasons.quarantined == ["invalid_json": 1])
        #expect(Set(stats.sources.keys) == ["producers", "reliable"])
        #expect(stats.sources["producers"]?.ledger == stats.ledger)
        #expect(stats.sources["producers"]?.messages == 1)
        #expect(stats.channels.mapValues(\.events) == ["web": 1, "app": 1, "eventshop": 1])
        #expect(Set(stats.rates.keys) == ["1s", "10s", "60s"])
        #expect((stats.rates["60s"]?.events ?? 0) > 0)
        #expect(stats.rings.count == 2 && stats.rings.allSatisfy { $0.capacity == 16 << 20 })
        #expect(stats.openSegments == 4 && stats.writers.map(\.openSegments) == [4])
        #expect(stats.commit.count >= 1 && stats.commit.p50us <= stats.commit.maxus)
        // One event per segment does not outweigh the cost of a flush and its check.
        #expect(stats.bytes.raw > 0 && stats.bytes.compressed > 0)
        #expect(stats.process.rssBytes > 0 && stats.process.cpuSeconds > 0)
        #expect(await rig.drain())
    }

    @Test func sealsByEveryFormOfPath() async throws {
        let rig = try LifeRig()
        let collector = rig.collector
        try await rig.push([three.joined(separator: "\n") + "\nnonsense"], until: 4)
        let open = try await collector.partitions()
        #expect(open.count == 4 && open.allSatisfy { $0.events == 1 && $0.ageSeconds >= 0 })
        let web = try #require(open.first { $0.path.contains("channel=web/") }).path
        #expect(Layout.isOpen(name: DiskPath.split(web).name))
        for none in ["channel=none", "channel=we", "events/channel=ev", "web"] {
            let error = await #expect(throws: ControlError.self) {
                try await collector.seal(prefix: none)
            }
            #expect(error?.code == "no_such_partition" && error?.message.contains(none) == true)
        }
        let pasted = try await collector.seal(prefix: web)
        #expect(pasted.paths == [Layout.sealedPath(forOpen: web)])
        #expect(try await collector.seal(prefix: "channel=app/").sealed == 1)
        #expect(try await collector.seal(prefix: "quarantine/").sealed == 1)
        #expect(try await collector.seal(prefix: "events/channel=eventshop").sealed == 1)
        #expect(try await collector.seal(prefix: nil).sealed == 0)
        #expect(await rig.drain())
    }

    @Test func aFolderThatBeginsLikeEventsIsFoundBelowEvents() async throws {
        let rig = try LifeRig()
        try rig.configure("")
        let path = "events-by=x"
        await #expect(throws: ControlError.self) { try await rig.collector.seal(prefix: path) }
        #expect(Collector.sealedPrefix(path) == "events/events-by=x")
        #expect(Collector.sealedPrefix("events") == "events")
        #expect(
            Collector.sealedPrefix("quarantine/reason=too_deep") == "quarantine/reason=too_deep"
        )
        #expect(Collector.sealedPrefix("a/.p.ndjson.gz.open") == "events/a/p.ndjson.gz")
        #expect(await rig.drain())
    }

    @Test func pausesByNameAndRefusesUnknownNames() async throws {
        let rig = try LifeRig()
        let collector = rig.collector
        try await rig.recovered()
        #expect(try await collector.pause(source: "reliable").state == .running)
        var status = try await collector.status()
        #expect(status.sources.map(\.state) == [.running, .paused])
        #expect(status.why == "paused by an operator: reliable")
        #expect(try await collector.pause(source: nil).state == .paused)
        #expect(try await collector.resume(source: nil).state == .running)
        status = try await collector.status()
        #expect(status.sources.allSatisfy { $0.state == .running } && status.why == nil)
        let error = await #expect(throws: ControlError.self) {
            try await collector.pause(source: "nobody")
        }
        #expect(error?.code == "no_such_source")
        #expect(error?.message == "no source is named 'nobody', there are producers, reliable")
        await #expect(throws: ControlError.self) { try await collector.resume(source: "nobody") }
        #expect(await rig.drain())
    }

    @Test func reloadAppliesWhatCanChangeAndNamesTheRest() async throws {
        let rig = try LifeRig()
        let collector = rig.collector
        #expect(try await collector.reload() == ReloadAnswer(applied: [], needsRestart: []))
        try rig.configure(
            "commit: { interval: 5ms }\nlog: { level: warning }\nlimits: { depth: 9 }\n"
        )
        let answer = try await collector.reload()
        #expect(Set(answer.applied) == ["commit.interval", "log.level"])
        #expect(answer.needsRestart == ["limits.depth"])
        #expect(rig.logLevel.level == .warning)
        #expect(collector.changing.withLock { $0.settings.commit.interval } == .milliseconds(5))
        // A setting that needs a restart is named again until the restart.
        #expect(try await collector.reload().needsRestart == ["limits.depth"])
        try rig.configure("comit: { interval: 5ms }\n")
        let error = await #expect(throws: ControlError.self) { try await collector.reload() }
        #expect(error?.code == "bad_configuration")
        #expect(error?.message.contains("comit") == true)
        #expect(collector.changing.withLock { $0.settings.commit.interval } == .milliseconds(5))
        #expect(await rig.drain())
    }

    @Test func anOperatorsLogLevelOutlastsAReload() async throws {
        let rig = try LifeRig()
        #expect(try await rig.collector.setLogLevel("debug").logLevel == "debug")
        #expect(rig.logLevel.level == .debug)
        _ = try await rig.collector.reload()
        #expect(rig.logLevel.level == .debug)
        let error = await #expect(throws: ControlError.self) {
            try await rig.collector.setLogLevel("loud")
        }
        #expect(error?.code == ControlError.badArgumentCode)
        #expect(error?.message.contains("debug, info, notice, warning, error") == true)
        #expect(await rig.drain())
    }

    @Test func drainIsPassedOnToWhoeverRunsTheDaemon() async throws {
        let rig = try LifeRig()
        #expect(try await rig.collector.drain().state == .draining)
        var events = rig.events.makeAsyncIterator()
        guard case .drain(let reason)? = await events.next() else {
            Issue.record("no drain was asked for")
            return
        }
        #expect(reason == "an operator said drain")
        #expect(await rig.drain())
    }

    @Test func changingVerbsSayThatThePipelineHasEnded() async throws {
        let rig = try LifeRig()
        #expect(await rig.drain())
        let error = await #expect(throws: ControlError.self) { try await rig.collector.flush() }
        #expect(error?.code == "unavailable")
    }

    @Test func oneFolderTakesOneCollector() async throws {
        let rig = try LifeRig()
        let failure = #expect(throws: DaemonFailure.self) { try LifeRig(folder: rig.folder) }
        #expect(failure?.exitCode == 73)
        #expect(await rig.drain())
    }
}
