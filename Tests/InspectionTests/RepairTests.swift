import Compression
import Events
import Foundation
import SegmentSupport
import Simulation
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Inspection

@Suite struct RepairTests {
    private static let hidden = "\(folder)/.\(name).repaired"
    private static let name = "part-c1-0-20261122T100000.000Z-0.ndjson.gz"
    private static let folder = "events/channel=web/date=2026-11-22"

    /// The sample with 32 bytes of one stretch overwritten.
    private func damaged(
        _ sample: RepairSample,
        stretch: Int = 1,
        withEntry: Bool = true
    ) throws -> SimulatedDisk {
        let disk = try sample.folder(withEntry: withEntry)
        disk.put(Self.overwritten(sample, stretch), at: SegmentSample.path)
        return disk
    }

    private static func overwritten(_ sample: RepairSample, _ stretch: Int) -> [UInt8] {
        var bytes = sample.bytes
        let start = sample.stretches[stretch].bytes.lowerBound + 60
        for place in start..<start + 32 { bytes[place] = 0x55 }
        return bytes
    }

    @Test func aWholeFileNeedsNothing() throws {
        let disk = try RepairSample(events: 90).folder()
        let before = disk.files
        let (report, _) = try Repair.ofSample(disk)
        #expect(report == RepairReport(path: SegmentSample.path) && report.exitCode == 0)
        #expect(disk.files == before)
    }

    @Test func saysWhatIsGoneAndWhereItWroteTheRest() throws {
        let sample = try RepairSample(events: 90)
        let disk = try damaged(sample)
        let (report, lines) = try Repair.ofSample(disk)
        let lost = sample.stretches[1].lines
        #expect(lines == Array(sample.lines[..<lost.lowerBound] + sample.lines[lost.upperBound...]))
        #expect(report.outcome == .partial && report.exitCode == 65 && report.isProven)
        #expect(report.repaired == Self.hidden)
        #expect(report.visible == "\(Self.folder)/\(Self.name.dropLast(10)).repaired.ndjson.gz")
        #expect(report.aside == "\(Self.folder)/.\(Self.name).damaged")
        #expect(report.eventsExpected == 90 && report.eventsLost == lost.count)
        #expect(report.eventsSaved == 90 - lost.count)
        #expect(report.damages.map(\.start) == [sample.stretches[1].bytes.lowerBound])
        // Reading goes on at the flush, before its check.
        let flush = sample.stretches[2].bytes.lowerBound - FlushCheck.bytes
        #expect(report.damages.map(\.end) == [flush])
        #expect(report.rawBytesSaved == lines.reduce(0) { $0 + UInt64($1.utf8.count + 1) })
    }

    @Test func aDryRunSaysTheSameAndWritesNothing() throws {
        let sample = try RepairSample(events: 90)
        let disk = try damaged(sample)
        let before = disk.files
        var (report, _) = try Repair.ofSample(disk, isDryRun: true)
        #expect(disk.files == before && report.repaired == nil)
        let (real, _) = try Repair.ofSample(disk)
        report.repaired = real.repaired
        #expect(report == real)
    }

    @Test func numbersThatOtherFilesHaveAreNotGone() throws {
        let sample = try RepairSample(events: 90)
        let disk = try damaged(sample)
        let own = Set(sample.lines)
        // Every number that the sample leaves out, in two files: one sealed, one open.
        let others = ["even", "odd"].flatMap { source in
            (1...140).map { SegmentSample.line($0, source: source) }
        }
        .filter { !own.contains($0) }
        disk.put(
            try SegmentSample.sealed(Array(others[..<80])).bytes,
            at: "events/a/part-1.ndjson.gz"
        )
        let open = try RepairSample.open(Array(others[80...]))
        disk.put(open, at: "events/a/.part-2.ndjson.gz.open")
        let (report, _) = try Repair.ofSample(disk)
        #expect(report.isGoneExact)
        let lost = sample.stretches[1].lines.map { number in
            (number + 1) % 2 == 0 ? "even" : "odd"
        }
        for gone in report.gone {
            #expect(Int(gone.count) == lost.count { $0 == gone.source }, "\(gone)")
        }
        #expect(report.gone.map(\.source) == ["even", "odd"])
    }

    @Test func withoutAManifestLineNothingIsSaidToBeExact() throws {
        let sample = try RepairSample(events: 90)
        let disk = try damaged(sample, withEntry: false)
        let (report, lines) = try Repair.ofSample(disk)
        #expect(report.eventsExpected == nil && !report.isProven && !report.isGoneExact)
        #expect(lines.count == 90 - sample.stretches[1].lines.count && report.exitCode == 65)
        disk.put(Array(sample.bytes.dropLast(300)), at: SegmentSample.path)
        let cut = try Repair.ofSample(disk).report
        #expect(cut.gone.contains { $0.isOpenEnded } && cut.exitCode == 65)
    }

    @Test func doubtfulEventsAreKeptWhenAskedFor() throws {
        let sample = try RepairSample(events: 90)
        let disk = try sample.folder()
        // Near the end of a stretch, so that the events before it are readable.
        var bytes = sample.bytes
        bytes[sample.stretches[1].bytes.upperBound - FlushCheck.bytes - 20] ^= 0xff
        disk.put(bytes, at: SegmentSample.path)
        let (report, lines) = try Repair.ofSample(disk, keepsDoubtful: true)
        #expect(report.eventsDoubtful > 0 && !report.isProven)
        #expect(lines.count == 90 - sample.stretches[1].lines.count + report.eventsDoubtful)
        #expect(Set(lines).count == lines.count)
    }

    @Test func anOpenSegmentThatJustEndsIsSavedWhole() throws {
        let sample = try RepairSample(events: 90, isFinished: false)
        let disk = SimulatedDisk()
        disk.put(sample.bytes, at: SegmentSample.openPath)
        let (report, lines) = try Repair.ofSample(disk, SegmentSample.openPath)
        #expect(report.outcome == .saved && report.aside == nil && lines == sample.lines)
        disk.put([], at: SegmentSample.openPath)
        #expect(try Repair.ofSample(disk, SegmentSample.openPath).report.repaired == nil)
    }

    /// Recovery seals the events before the damage and keeps the rest aside; repair saves those
    /// after it, and only those.
    @Test func whatRecoveryKeptAsideGivesTheEventsThatTheSealedFileLacks() throws {
        let sample = try RepairSample(events: 90, isFinished: false)
        let disk = SimulatedDisk()
        disk.put(Self.overwritten(sample, 1), at: SegmentSample.openPath)
        _ = try disk.recover()
        let aside = Layout.damagedPath(forSealed: SegmentSample.path)
        #expect(disk.files[aside] != nil)
        let sealed = try #require(disk.files[SegmentSample.path].flatMap(inflatedLines))
        let (report, lines) = try Repair.ofSample(disk, aside)
        #expect(lines == Array(sample.lines[sample.stretches[1].lines.upperBound...]))
        #expect(report.eventsElsewhere > 0 && report.aside == nil && report.exitCode == 65)
        #expect(Set(sealed).isDisjoint(with: lines))
        let (hidden, visible) = (try #require(report.repaired), try #require(report.visible))
        try disk.rename(hidden, to: visible)
        let verify = try Verify.run(disk)
        #expect(verify.findings == [])
        #expect(verify.replaced == [.init(path: aside, repaired: visible)])
        #expect(verify.events == sealed.count + lines.count)
    }

    /// The commands that repair prints leave a folder without findings, now and after the daemon's
    /// next start.
    @Test func afterTheMovesTheFolderIsSound() throws {
        let sample = try RepairSample(events: 90)
        let disk = try damaged(sample)
        #expect(try Verify.run(disk).exitCode == 65)
        let (report, lines) = try Repair.ofSample(disk)
        #expect(Set(try Verify.run(disk).findings.map(\.path)) == [SegmentSample.path])
        let (hidden, visible) = (try #require(report.repaired), try #require(report.visible))
        try disk.rename(SegmentSample.path, to: try #require(report.aside))
        try disk.rename(hidden, to: visible)
        for _ in 0..<2 {
            let verify = try Verify.run(disk)
            #expect(verify.findings == [] && verify.events == lines.count)
            #expect(verify.replaced.map(\.repaired) == [visible, visible])
            _ = try disk.recover()
        }
        #expect(try disk.manifestEntries().entries.contains { $0.path == visible })
    }

    @Test func aFolderIsRepairedOnceFileByFile() throws {
        let sample = try RepairSample(events: 90)
        let disk = try damaged(sample)
        let other = "events/a/part-1.ndjson.gz"
        disk.put(try SegmentSample.sealed(events: 3, from: 500).bytes, at: other)
        disk.put([1, 2, 3], at: "quarantine/b/.part-2.ndjson.gz.damaged")
        var options = Repair.Options()
        options.stretchBytes = RepairSample.stretchBytes
        let repair = Repair(disk, options: options)
        var reports: [RepairReport] = []
        try repair.repairAll { reports.append($0) }
        #expect(
            reports.map(\.path) == [SegmentSample.path, "quarantine/b/.part-2.ndjson.gz.damaged"]
        )
        #expect(reports.map(\.outcome) == [.partial, .nothing])
        reports = []
        try repair.repairAll { reports.append($0) }
        #expect(reports.map(\.outcome) == [.before, .nothing])
        // Requested by name, it is repaired again, under another name.
        let (again, _) = try Repair.ofSample(disk)
        #expect(again.repaired == "\(Self.folder)/.\(Self.name).2.repaired")
    }

    @Test func linesThatAreNoEventsAreLeftOutOfAWholeFile() throws {
        let sample = try RepairSample(events: 90)
        let disk = try sample.folder()
        let lines = [SegmentSample.line(1), "{}", SegmentSample.line(2)]
        disk.put(try SegmentSample.sealed(lines).bytes, at: SegmentSample.path)
        let (report, saved) = try Repair.ofSample(disk)
        #expect(saved == [lines[0], lines[2]] && report.linesForeign == 1)
    }

    @Test func namesLeadToTheSealedPathAndBack() {
        let sealed = SegmentSample.path
        for path in [sealed, SegmentSample.openPath, Layout.damagedPath(forSealed: sealed)] {
            #expect(Repaired.sealedPath(for: path) == sealed)
        }
        #expect(Repaired.sealedPath(for: "events/readme") == nil)
        for number in 1...3 {
            let visible = Repaired.visiblePath(forSealed: sealed, number)
            let hidden = Repaired.hiddenPath(forSealed: sealed, number)
            #expect(Repaired.visiblePath(forHidden: hidden) == visible)
            #expect(Repaired.isRepaired(visible) && !Repaired.isRepaired(sealed))
            #expect(SegmentTree.kind(ofName: DiskPath.split(hidden).name) == .repaired)
            #expect(SegmentTree.kind(ofName: DiskPath.split(visible).name) == .sealed)
        }
    }
}
