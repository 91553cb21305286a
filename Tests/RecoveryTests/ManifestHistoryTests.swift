import Events
import Platform
import SegmentSupport
import Simulation
import TestSupport
import Testing

@testable import Archive
@testable import Recovery

/// The manifests that a start reads: counted in lines, since these grow with the years.
@Suite struct ManifestHistoryTests {
    /// 2026-11-22T10:00:00Z.
    private static let now: Int64 = 1_795_341_600_000_000
    private static let linesADay = 40

    private static func day(_ back: Int) -> String {
        Timestamp.date(now - Int64(back) * 86_400_000_000)
    }

    private static func path(_ back: Int, _ number: Int, node: String = "c1") -> String {
        let stamp = day(back).filter { $0 != "-" }
        let folder = number % 4 == 3 ? "quarantine/reason=too_deep" : "events/channel=web"
        return "\(folder)/date=\(day(back))/part-\(node)-0-\(stamp)T080000.000Z-\(number).ndjson.gz"
    }

    private static func entry(_ path: String, _ back: Int, node: String = "c1") -> ManifestEntry {
        let at = now - Int64(back) * 86_400_000_000 - 3_600_000_000
        return ManifestEntry(
            path: path,
            node: node,
            run: "r\(back)",
            reason: .age,
            events: 10,
            rawBytes: 1,
            compressedBytes: 1,
            crc32: "00000000",
            sha256: "",
            firstReceivedAt: Timestamp.text(at),
            lastReceivedAt: Timestamp.text(at),
            firstEventTime: nil,
            lastEventTime: nil,
            sequences: [
                .init(source: "s\(back % 2)", run: "r\(back)", events: 10, first: 1, last: 10)
            ],
            sealedAt: Timestamp.text(at)
        )
    }

    /// Creates so many days of manifests, the last of them today's, with their files.
    private static func disk(days: Int, node: String = "c1") throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        for back in 0..<days { add(back, to: disk, node: node) }
        return disk
    }

    private static func add(_ back: Int, to disk: SimulatedDisk, node: String = "c1") {
        var lines: [UInt8] = []
        for number in 0..<linesADay {
            let path = path(back, number, node: node)
            disk.put([0], at: path)
            lines += ManifestLine.bytes(entry(path, back, node: node))
        }
        disk.put(lines, at: Layout.manifestPath(date: day(back), node: node))
    }

    private static func history(
        _ disk: SimulatedDisk,
        since: String? = nil
    ) throws -> ManifestHistory {
        try ManifestHistory(disk, node: "c1", startedAt: now, since: since)
    }

    private static func lines(_ disk: SimulatedDisk, _ history: ManifestHistory) throws -> Int {
        let leftovers = try Leftovers(disk, since: history.firstDay)
        return try disk.recovery().run(leftovers, history: history).manifestLines
    }

    private static func summarise(_ disk: SimulatedDisk) throws -> Int {
        try ManifestHistory.summarise(disk, before: day(0))
    }

    @Test func aStartReadsTheLastDaysHoweverManyThereAre() throws {
        for days in [5, 50] {
            let disk = try Self.disk(days: days)
            let before = try Self.history(disk)
            let (all, read) = try before.totals(disk, except: "r0")
            #expect(read == days * Self.linesADay)
            #expect(try Self.lines(disk, before) == days * Self.linesADay)
            #expect(try Self.summarise(disk) == days - 1, "every day that is over")
            #expect(try Self.summarise(disk) == 0, "once")

            let history = try Self.history(disk)
            #expect(history.firstDay == Self.day(1))
            let (totals, lines) = try history.totals(disk, except: "r0")
            #expect(lines == 2 * Self.linesADay && totals == all)
            #expect(try Self.lines(disk, history) == 2 * Self.linesADay)
            // A longer window of ids is read completely.
            let longer = try Self.history(disk, since: Self.day(3))
            #expect(longer.firstDay == Self.day(3))
            #expect(try longer.totals(disk, except: "r0").lines == 4 * Self.linesADay)
            #expect(try longer.totals(disk, except: "r0").0 == all)
            let ids = try IdentityLoad(
                fileSystem: disk,
                sources: ["s0": 0],
                since: UInt32(Self.now / 1_000_000 - 3_600),
                contentHash: .random
            ).run(try Leftovers(disk, since: history.firstDay), from: history.firstDay) { _ in }
            #expect(ids.manifestLines == 2 * Self.linesADay)
        }
    }

    @Test func totalsAreOfAllRunsButThis() throws {
        let disk = try Self.disk(days: 3)
        let (totals, _) = try Self.history(disk).totals(disk, except: "r0")
        #expect(totals.written == ["s0": 300, "s1": 300])
        #expect(totals.quarantined == ["s0": ["too_deep": 100], "s1": ["too_deep": 100]])
    }

    /// A manifest that has grown, or is gone, does not match its summary.
    @Test func aSummaryCountsOnlyWhileItsManifestIsTheSame() throws {
        let disk = try Self.disk(days: 8)
        _ = try Self.summarise(disk)
        let path = Layout.manifestPath(date: Self.day(5), node: "c1")
        let old = try #require(disk.files[path])
        disk.put(old + ManifestLine.bytes(Self.entry(Self.path(5, 99), 5)), at: path)
        var history = try Self.history(disk)
        #expect(history.firstDay == Self.day(6))
        #expect(try history.totals(disk, except: "").0.written.values.reduce(0, +) == 8 * 300)
        #expect(try Self.summarise(disk) == 1)
        #expect(try Self.history(disk).firstDay == Self.day(1))
        disk.remove(path: path)
        history = try Self.history(disk)
        #expect(history.firstDay == Self.day(6), "its files are to be listed again")
        // A damaged summary is ignored.
        disk.put(old, at: path)
        _ = try Self.summarise(disk)
        let summary = Layout.summaryPath(forManifest: path)
        for bytes in [[], Array("{}".utf8), Array((disk.files[summary] ?? []).dropLast(9))] {
            disk.put(bytes, at: summary)
            #expect(ManifestSummary.read(of: path, in: disk) == nil)
            #expect(try Self.history(disk).firstDay == Self.day(6))
        }
    }

    @Test func aSummaryNamesWhatItSumsUp() throws {
        let disk = try Self.disk(days: 2)
        _ = try Self.summarise(disk)
        let path = Layout.manifestPath(date: Self.day(1), node: "c1")
        let summary = try #require(ManifestSummary.read(of: path, in: disk))
        let bytes = try #require(disk.files[path])
        #expect(summary.bytes == bytes.count && summary.files == Self.linesADay)
        #expect(summary.totals.written == ["s1": 300])
        #expect(Layout.summaryPath(forManifest: path).hasSuffix("/c1.summary.json"))
        #expect(try ManifestReader.paths(disk).count == 2, "a summary is no manifest")
        #expect(disk.openFiles == 0)
    }

    /// In a tree merged from several collectors, days of others do not decide.
    @Test func manifestsOfOthersAreAddedUp() throws {
        let disk = try Self.disk(days: 4)
        _ = try Self.summarise(disk)
        for back in 1..<4 { Self.add(back, to: disk, node: "c2") }
        let history = try Self.history(disk)
        #expect(history.firstDay == Self.day(1))
        let (totals, lines) = try history.totals(disk, except: "")
        #expect(totals.written.values.reduce(0, +) == 7 * 300)
        #expect(lines == (2 + 3) * Self.linesADay)
    }

    /// A file sealed before a crash without its line is found, as far back as lines are read.
    @Test func whatACrashLeftWithoutALineIsListed() throws {
        let disk = try Self.disk(days: 6)
        _ = try Self.summarise(disk)
        let sample = try SegmentSample.sealed(events: 3)
        disk.put(sample.bytes, at: Self.path(1, 77))
        disk.put(sample.bytes, at: Self.path(0, 78))
        let history = try Self.history(disk)
        let leftovers = try Leftovers(disk, since: history.firstDay)
        let report = try disk.recovery().run(leftovers, history: history)
        #expect(Set(report.entriesAdded) == [Self.path(1, 77), Self.path(0, 78)])
        #expect(try disk.recovery().run(leftovers, history: history).entriesAdded.isEmpty)
    }

    /// Its name has a later day than its line, so all manifests are read.
    @Test func aFileOfAClockThatWasAheadIsListedOnce() throws {
        let disk = try Self.disk(days: 6)
        let ahead = "events/channel=web/part-c1-0-20991122T080000.000Z-5.ndjson.gz"
        let path = Layout.manifestPath(date: Self.day(4), node: "c1")
        disk.put(try SegmentSample.sealed(events: 3).bytes, at: ahead)
        disk.put((disk.files[path] ?? []) + ManifestLine.bytes(Self.entry(ahead, 4)), at: path)
        _ = try Self.summarise(disk)
        let history = try Self.history(disk)
        #expect(history.firstDay == Self.day(1))
        let leftovers = try Leftovers(disk, since: history.firstDay)
        #expect(try disk.recovery().run(leftovers, history: history).entriesAdded.isEmpty)
    }

    @Test func withoutManifestsEverythingIsLooked() throws {
        let disk = SimulatedDisk()
        disk.put(try SegmentSample.sealed(events: 3).bytes, at: Self.path(300, 1))
        let history = try Self.history(disk)
        #expect(history.firstDay.isEmpty)
        let leftovers = try Leftovers(disk, since: history.firstDay)
        let report = try disk.recovery().run(leftovers, history: history)
        #expect(report.entriesAdded == [Self.path(300, 1)])
    }
}
