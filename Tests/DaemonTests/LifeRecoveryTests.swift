import Archive
import Control
import Disk
import Events
import Foundation
import Inspection
import Pipeline
import Recovery
import TestSupport
import Testing

@testable import Daemon

@Suite struct LifeRecoveryTests {
    /// Writes events into a folder and drains, or leaves with open segments.
    private func run(
        _ folder: TemporaryFolder,
        _ payload: String,
        events: Int,
        leaving: Bool
    ) async throws {
        let rig = try LifeRig(folder: folder)
        try await rig.recovered()
        try await rig.push([payload], until: events)
        if leaving {
            await rig.collector.pipeline.leave()
        } else {
            #expect(await rig.drain())
        }
    }

    @Test func theLedgerGoesOnFromWhatFilesProve() async throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-life")
        try await run(folder, "{\"n\":1}\n{\"n\":2}\nbad", events: 3, leaving: false)
        try await run(folder, "{\"n\":3}\n[1]", events: 2, leaving: true)
        let rig = try LifeRig(folder: folder)
        try await rig.recovered()
        let status = try await rig.collector.status()
        #expect(status.recovery.state == "done")
        #expect(status.recovery.filesFound == 2 && status.recovery.eventsRecovered == 2)
        #expect(status.ledgerBalanced)
        let ledger = try await rig.collector.stats().ledger
        #expect(ledger.isBalanced)
        #expect(ledger.received == 5 && ledger.written == 3 && ledger.quarantined == 2)
        #expect(ledger.reasons.quarantined == ["invalid_json": 1, "not_an_object": 1])
        try await rig.push([#"{"n":4}"#], until: 1)
        #expect(try await rig.collector.flush().committed)
        #expect(try await rig.collector.stats().ledger.written == 4)
        #expect(await rig.drain())
        let report = try Verify.run(rig.collector.fileSystem)
        #expect(report.findingsTotal == 0, "\(report.findings)")
        #expect(report.sources["producers"] == VerifyReport.Source(written: 4, quarantined: 2))
    }

    @Test func whatTheDiskRefusedIsTriedAgain() async throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-life")
        try await run(folder, #"{"n":1}"#, events: 1, leaving: true)
        let data = "\(folder.path)/data"
        let open = try Leftovers(PosixFileSystem(directory: data)).open
        // A folder is at the path where recovery wants to make its copy.
        let obstacle = "\(data)/\(try #require(open.first))\(SegmentFormat.copySuffix)"
        try FileManager.default.createDirectory(
            atPath: obstacle,
            withIntermediateDirectories: false
        )
        let rig = try LifeRig(folder: folder)
        try await waitUntil("recovery to fail") {
            rig.collector.recovery.state.status.state == "failed"
        }
        #expect(try await rig.collector.status().recovery.eventsRecovered == 0)
        try FileManager.default.removeItem(atPath: obstacle)
        try await rig.recovered()
        let status = try await rig.collector.status()
        #expect(status.recovery.state == "done")
        #expect(status.recovery.filesRecovered == 1 && status.recovery.eventsRecovered == 1)
        #expect(try await rig.collector.stats().ledger.written == 1)
        #expect(await rig.drain())
        #expect(try Verify.run(rig.collector.fileSystem).findingsTotal == 0)
    }

    /// A million lines of past days must not be read at each start.
    @Test func daysThatAreOverGetASummaryAndCount() async throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-life")
        let data = try PosixFileSystem(directory: "\(folder.path)/data")
        let folders = DurableFolders(fileSystem: data)
        let manifest = ManifestLog(fileSystem: data, folders: folders, node: "life")
        for number in 0..<50 {
            try manifest.append(
                entry(
                    "events/channel=a/old-\(number).ndjson.gz",
                    source: "old",
                    run: "r",
                    events: 2
                )
            )
        }
        let path = Layout.manifestPath(date: "2026-01-01", node: "life")
        for round in 0..<2 {
            let rig = try LifeRig(folder: folder)
            try await rig.recovered()
            try await waitUntil("the summary") { ManifestSummary.read(of: path, in: data) != nil }
            let old = try #require(try await rig.collector.stats().sources["old"])
            #expect(old.ledger.written == 100, "round \(round)")
            #expect(await rig.drain())
        }
        let summary = try #require(ManifestSummary.read(of: path, in: data))
        #expect(summary.files == 50 && summary.totals.written == ["old": 100])
        let history = try ManifestHistory(data, node: "life", startedAt: 1_795_341_600_000_000)
        #expect(try history.totals(data, except: "").lines == 0)
    }

    @Test func leftoversCountAsDoneFromTheFirstOn() {
        var settling = LeftoverSettling(["a", "b", "c", "d"])
        #expect(settling.settle("c") == 0 && settling.settle("a") == 1)
        #expect(settling.settle("unknown") == 1 && settling.settle("b") == 3)
        #expect(settling.settle("b") == 3 && settling.settle("d") == 4)
    }

    @Test func aSourceThatIsGoneStaysInTheLedger() async throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-life")
        let fileSystem = try PosixFileSystem(directory: folder.path)
        let folders = DurableFolders(fileSystem: fileSystem)
        let manifest = ManifestLog(fileSystem: fileSystem, folders: folders, node: "n")
        let path = "events/channel=a/part-n-0-20200101T000000.000Z-0.ndjson.gz"
        let entry = entry(path, source: "old", run: "before", events: 7)
        try manifest.append(entry)
        try manifest.append(entry)
        try manifest.append(
            self.entry(
                "quarantine/reason=too_deep/p.ndjson.gz",
                source: "old",
                run: "before",
                events: 2
            )
        )
        try manifest.append(self.entry("events/x.ndjson.gz", source: "new", run: "now", events: 5))
        let recovery = RecoveryRun(
            RecoveryRun.Work(
                fileSystem: fileSystem,
                folders: folders,
                manifest: manifest,
                node: "n",
                run: "now",
                leftovers: try Leftovers(fileSystem)
            )
        )
        recovery.start()
        try await waitUntil("recovery to end") { recovery.hasEnded }
        let restored = recovery.state.restored
        #expect(Set(restored.keys) == ["old"], "this run's own events are counted elsewhere")
        let old = try #require(restored["old"])
        #expect(old.written == 7, "a repeated line counts once")
        #expect(old.quarantined[Rejection.tooDeep.index] == 2)
        #expect(old.received == 9 && old.isBalanced)
    }

    private func entry(
        _ path: String,
        source: String,
        run: String,
        events: Int
    ) -> ManifestEntry {
        ManifestEntry(
            path: path,
            node: "n",
            run: run,
            reason: .drain,
            events: events,
            rawBytes: 1,
            compressedBytes: 1,
            crc32: "00000000",
            sha256: "",
            firstReceivedAt: nil,
            lastReceivedAt: nil,
            firstEventTime: nil,
            lastEventTime: nil,
            sequences: [
                ManifestEntry.Sequence(
                    source: source,
                    run: run,
                    events: events,
                    first: 1,
                    last: UInt64(events)
                )
            ],
            sealedAt: "2026-01-01T00:00:00.000000Z"
        )
    }
}
