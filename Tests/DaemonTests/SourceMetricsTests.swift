import Control
import Events
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import Daemon

@Suite struct SourceMetricsTests {
    /// A metric's samples as Prometheus reads them, without the metric's name.
    private func values(_ name: String, _ metrics: [Metric]) throws -> [String: Double] {
        let metric = try #require(metrics.first { $0.name == name })
        return Dictionary(
            uniqueKeysWithValues: metric.samples.map { sample in
                (sample.labels.map(\.value).joined(separator: " ") + sample.suffix, sample.value)
            }
        )
    }

    @Test func everySeriesIsThereBeforeTheFirstEvent() async throws {
        let rig = try LifeRig()
        let metrics = await rig.collector.metrics()
        let quarantined = try values("touchpoint_events_quarantined_total", metrics)
        #expect(quarantined.count == 2 * Rejection.allCases.count)
        #expect(quarantined["reliable \(Rejection.tooDeep.rawValue)"] == 0)
        #expect(quarantined.values.allSatisfy { $0 == 0 })
        let dropped = try values("touchpoint_events_dropped_total", metrics)
        #expect(dropped == ["producers quarantine_full": 0, "reliable quarantine_full": 0])
        let sealed = try values("touchpoint_segments_sealed_total", metrics)
        #expect(Set(sealed.keys) == ["size", "age", "idle", "hour", "limit", "drain"])
        #expect(try values("touchpoint_commit_seconds", metrics)["+Inf_bucket"] == 0)
        #expect(await rig.drain())
    }

    @Test func countersBeginAnewWithTheProcess() async throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-life")
        try await writeOneAndQuarantineOne(folder)
        let rig = try LifeRig(folder: folder)
        try await rig.recovered()
        let metrics = await rig.collector.metrics()
        for name in ["received", "written", "duplicate"] {
            let values = try values("touchpoint_events_\(name)_total", metrics)
            #expect(values == ["producers": 0, "reliable": 0], "\(name)")
        }
        let stats = try await rig.collector.stats()
        #expect(stats.ledger.written == 1 && stats.ledger.quarantined == 1)
        #expect(stats.thisRun?.received == 0)
        #expect(stats.sources["producers"]?.thisRun?.written == 0)
        #expect(stats.sources["producers"]?.ledger.written == 1)
        #expect(await rig.drain())
    }

    private func writeOneAndQuarantineOne(_ folder: TemporaryFolder) async throws {
        let rig = try LifeRig(folder: folder)
        try await rig.recovered()
        try await rig.push([#"{"channel":"web"}"#, "nonsense"], until: 2)
        _ = try await rig.collector.seal(prefix: nil)
        let metrics = await rig.collector.metrics()
        #expect(try values("touchpoint_events_written_total", metrics)["producers"] == 1)
        let quarantined = try values("touchpoint_events_quarantined_total", metrics)
        #expect(quarantined["producers invalid_json"] == 1)
        #expect(try values("touchpoint_segments_sealed_total", metrics)["drain"] == 2)
        let commits = try values("touchpoint_commit_seconds", metrics)
        #expect((commits["_count"] ?? 0) >= 1 && commits["_count"] == commits["+Inf_bucket"])
        let waits = try values("touchpoint_commit_oldest_message_seconds", metrics)
        #expect((waits["_count"] ?? 0) >= 1 && (waits["_sum"] ?? 0) > 0)
        let last = try values("touchpoint_last_commit_timestamp_seconds", metrics)
        #expect((last[""] ?? 0) > 1_700_000_000)
        #expect(await rig.drain())
    }

    @Test func onePausedSourceIsSeen() async throws {
        let rig = try LifeRig()
        try await rig.recovered()
        _ = try await rig.collector.pause(source: "reliable")
        var metrics = await rig.collector.metrics()
        let open = try values("touchpoint_source_open", metrics)
        #expect(open == ["producers": 1, "reliable": 0])
        #expect(try values("touchpoint_intake_open", metrics) == ["": 0])
        let states = try values("touchpoint_source_state", metrics)
        #expect(states["reliable paused"] == 1 && states["reliable running"] == 0)
        #expect(states["producers running"] == 1)
        #expect(states.count == 2 * ServiceState.allCases.count)
        #expect(try values("touchpoint_state", metrics)["running"] == 1)
        let stats = try await rig.collector.stats()
        #expect(stats.sources["reliable"]?.state == .paused)
        #expect(stats.why == "paused by an operator: reliable")
        _ = try await rig.collector.resume(source: "reliable")
        metrics = await rig.collector.metrics()
        #expect(try values("touchpoint_intake_open", metrics) == ["": 1])
        rig.collector.changing.withLock { $0.life.drain("told") }
        metrics = await rig.collector.metrics()
        #expect(try values("touchpoint_source_open", metrics).values.allSatisfy { $0 == 0 })
        #expect(try values("touchpoint_state", metrics)["draining"] == 1)
        #expect(await rig.drain())
    }

    @Test func aRefusedConfigurationIsSeenUntilAGoodOne() async throws {
        let rig = try LifeRig()
        let name = "touchpoint_config_last_reload_successful"
        let when = "touchpoint_config_last_reload_success_timestamp_seconds"
        let atStart = await rig.collector.metrics()
        #expect(try values(name, atStart) == ["": 1])
        try rig.configure("comit: {}\n")
        await #expect(throws: ControlError.self) { try await rig.collector.reload() }
        let refused = await rig.collector.metrics()
        #expect(try values(name, refused) == ["": 0])
        #expect(try values(when, refused) == values(when, atStart))
        try rig.configure("")
        _ = try await rig.collector.reload()
        let good = await rig.collector.metrics()
        #expect(try values(name, good) == ["": 1])
        #expect(try values(when, good)[""] ?? 0 > values(when, atStart)[""] ?? .infinity)
        #expect(await rig.drain())
    }

    @Test func theProcessIsDescribedAsByOthers() async throws {
        let rig = try LifeRig()
        let metrics = await rig.collector.metrics()
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
            "process_virtual_memory_bytes", "process_start_time_seconds",
            "touchpoint_disk_available_bytes", "touchpoint_disk_size_bytes",
            "touchpoint_disk_minimum_free_bytes",
        ] {
            #expect(try (values(name, metrics)[""] ?? 0) > 0, "\(name)")
        }
        let names = metrics.map(\.name)
        #expect(Set(names).count == names.count)
        let build = try #require(metrics.first { $0.name == "touchpoint_build_info" })
        #expect(build.samples.first?.labels.map(\.name) == ["version", "build"])
        #expect(await rig.drain())
    }
}
