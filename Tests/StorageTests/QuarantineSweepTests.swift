import Events
import Platform
import SegmentSupport
import Simulation
import Testing

@testable import Archive
@testable import Disk
@testable import Inspection
@testable import Recovery
@testable import Storage

@Suite struct QuarantineSweepTests {
    /// 2026-12-22T10:00:00Z.
    private static let now = Timestamp.parse("2026-12-22T10:00:00Z") ?? 0

    private static func path(day: Int, number: Int = 0, node: String = "c1") -> String {
        let date = day < 10 ? "0\(day)" : "\(day)"
        return "quarantine/reason=invalid_json/date=2026-12-\(date)/"
            + "part-\(node)-0-202612\(date)T080000.000Z-\(number).ndjson.gz"
    }

    private static func entry(_ path: String, _ bytes: [UInt8], day: Int) -> ManifestEntry {
        let date = day < 10 ? "0\(day)" : "\(day)"
        return ManifestEntry(
            path: path,
            node: "c1",
            run: "r1",
            reason: .idle,
            events: 2,
            rawBytes: 0,
            compressedBytes: bytes.count,
            crc32: "",
            sha256: "",
            firstReceivedAt: nil,
            lastReceivedAt: nil,
            firstEventTime: nil,
            lastEventTime: nil,
            sequences: [.init(source: "reliable", run: "r1", events: 2, first: 1, last: 2)],
            sealedAt: "2026-12-\(date)T09:00:00.000000Z"
        )
    }

    private static func log(_ disk: SimulatedDisk) -> ManifestLog {
        ManifestLog(fileSystem: disk, folders: DurableFolders(fileSystem: disk), node: "c1")
    }

    /// Creates sealed files of these days, with recovery's lines, but sealed on their days.
    private static func disk(days: [Int]) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        for (at, day) in days.enumerated() {
            let lines = try SegmentSample.sealed(events: 2, from: 2 * at + 1)
            let path = path(day: day)
            disk.put(lines.bytes, at: path)
            let survey = try SegmentSurvey.read(path, in: disk)
            let sealed = entry(path, lines.bytes, day: day).sealedAt
            let entry = survey.entry(
                path: path,
                node: "c1",
                run: "r1",
                sealedAt: Timestamp.parse(sealed) ?? 0
            )
            try log(disk).append(entry)
        }
        return disk
    }

    private func sweep(_ disk: SimulatedDisk, _ quota: QuarantineQuota = .init()) -> QuarantineSweep
    {
        QuarantineSweep(
            fileSystem: disk,
            manifest: Self.log(disk),
            node: "c1",
            quota: quota
        )
    }

    @Test func removesWhatIsTooOldOldestFirstAndSaysSo() throws {
        let disk = try Self.disk(days: [12, 3, 21])
        let quota = QuarantineQuota(limit: 1 << 20)
        let sweep = sweep(disk, quota)
        try sweep.measure()
        let before = quota.bytes
        #expect(
            before
                == disk.files.filter { $0.key.hasPrefix("quarantine/") }.map(\.value.count).reduce(
                    0,
                    +
                )
        )
        let removed = try sweep.run(now: Self.now, age: .seconds(7 * 86_400))
        #expect(removed.files == 2 && removed.events == 4)
        #expect(removed.newest == "2026-12-12T09:00:00.000000Z")
        #expect(quota.bytes == before - removed.bytes)
        #expect(disk.files.keys.filter { $0.hasPrefix("quarantine/") } == [Self.path(day: 21)])
        var said: [ManifestRemoval.File] = []
        try ManifestReader.eachRemoval(disk) { said.append($0) }
        #expect(said.map(\.path) == [Self.path(day: 3), Self.path(day: 12)])
        #expect(said.allSatisfy { $0.reason == .age && $0.events == 2 && $0.bytes > 0 })
        #expect(said.first?.at == Timestamp.text(Self.now))
        let report = try Verify.run(disk)
        #expect(report.findings == [] && report.exitCode == 0)
        #expect(report.removedFiles == 2 && report.removedEvents == 4)
        #expect(report.tornManifestLines == 0 && report.missingFiles == 0)
        #expect(report.gaps.map(\.inRemovedFiles) == [4])
        #expect(report.manifestSources["reliable"]?.quarantined == 6)
    }

    @Test func nothingIsRemovedBeforeItsTime() throws {
        let disk = try Self.disk(days: [12, 3])
        let files = disk.files
        // Sealed an hour after it was opened.
        let age = Self.now - (Timestamp.parse("2026-12-03T08:30:00Z") ?? 0)
        let removed = try sweep(disk).run(now: Self.now, age: .microseconds(age))
        #expect(removed == .init())
        #expect(disk.files == files)
    }

    @Test func whatIsNotOfThisNodeOrInNoManifestStays() throws {
        let disk = try Self.disk(days: [3])
        let others = [
            Self.path(day: 4, node: "c1-0"), Self.path(day: 4, node: "c2"), Self.path(day: 5),
            "quarantine/reason=invalid_json/date=2026-12-03/part-c1-0-20261203T080000.000Z-9",
            "quarantine/notes.txt",
            "quarantine/reason=invalid_json/.part-c1-0-20261203T080000.000Z-1.ndjson.gz.open",
        ]
        for path in others { disk.put([1], at: path) }
        // Another node's file, in a merged tree.
        try Self.log(disk).append(
            {
                var entry = Self.entry(others[1], [1], day: 4)
                entry.node = "c2"
                return entry
            }()
        )
        let removed = try sweep(disk).run(now: Self.now, age: .seconds(86_400))
        #expect(removed.files == 1)
        #expect(disk.files.keys.filter { $0.hasPrefix("quarantine/") }.sorted() == others.sorted())
    }

    /// Stopped at every change of the disk: no file is missing, and the next sweep completes it.
    @Test func aCrashAtAnyMomentIsMadeGood() throws {
        var stops = 0
        while true {
            let disk = try Self.disk(days: [12, 3, 21])
            disk.stop(after: stops, tearing: stops % 2 == 1)
            let isWhole = (try? sweep(disk).run(now: Self.now, age: .seconds(7 * 86_400))) != nil
            let again = disk.restarted()
            _ = try FolderRecovery.mendManifests(again)
            let between = try Verify.run(again)
            #expect(between.findings == [], "stopped after \(stops) changes")
            _ = try sweep(again).run(now: Self.now, age: .seconds(7 * 86_400))
            #expect(again.files.keys.filter { $0.hasPrefix("quarantine/") } == [Self.path(day: 21)])
            let report = try Verify.run(again)
            #expect(report.findings == [], "stopped after \(stops) changes")
            #expect(report.removedFiles == 2)
            #expect(report.manifestSources["reliable"]?.quarantined == 6)
            if isWhole { break }
            stops += 1
        }
        #expect(stops >= 4)
    }

    @Test func aStartCountsWhatWasRemovedAndMissesNothing() throws {
        let disk = try Self.disk(days: [12, 3, 21])
        _ = try sweep(disk).run(now: Self.now, age: .seconds(7 * 86_400))
        let report = try disk.recover()
        #expect(report.missingFiles == [] && report.tornLines == 0 && report.entriesAdded == [])
        let (totals, _) = try ManifestHistory().totals(disk, except: "r2")
        #expect(totals.quarantined == ["reliable": ["invalid_json": 6]])
        // A file that was removed without a line is missing.
        disk.remove(path: Self.path(day: 21))
        #expect(try disk.recover().missingFiles == [Self.path(day: 21)])
        #expect(try Verify.run(disk).findings.map(\.kind) == [.missingFile])
    }

    @Test func aSummaryOfADayWithRemovalsCountsNothingTwice() throws {
        let disk = try Self.disk(days: [12, 3])
        _ = try sweep(disk).run(now: Self.now, age: .seconds(86_400))
        let day = Layout.manifestPath(date: "2026-12-22", node: "c1")
        let summary = try ManifestSummary.make(of: day, in: disk)
        #expect(summary.files == 0 && summary.totals == ManifestTotals())
    }
}
