import Archive
import Compression
import Events
import Inspection
import Recovery
import SegmentSupport
import Simulation
import Testing

@Suite struct RecoveryTests {
    private func recovered(_ bytes: [UInt8]) throws -> (SimulatedDisk, RecoveryReport) {
        let disk = SimulatedDisk()
        disk.put(bytes, at: SegmentSample.openPath)
        return (disk, try disk.recover())
    }

    private func sealedLines(_ disk: SimulatedDisk) -> [String]? {
        disk.files[SegmentSample.path].flatMap(inflatedLines)
    }

    @Test(arguments: Engine.allCases)
    func aTornTailAtEveryByteKeepsEveryCommit(engine: Engine) throws {
        let sample = try SegmentSample.open(events: 17, every: 3, engine: engine)
        for cut in 0...sample.bytes.count {
            let (disk, report) = try recovered(Array(sample.bytes[..<cut]))
            let committed = sample.commits.last { $0.offset <= cut }?.lines ?? 0
            #expect(disk.files[SegmentSample.openPath] == nil, "cut at \(cut)")
            #expect(sealedLines(disk) ?? [] == Array(sample.lines[..<committed]), "cut at \(cut)")
            #expect(report.files.count == 1 && report.events == committed, "cut at \(cut)")
            #expect(!report.hasDamage, "cut at \(cut): \(report)")
            #expect(
                try disk.manifestEntries().entries.map(\.events)
                    == (committed > 0 ? [committed] : [])
            )
            #expect(disk.openFiles == 0)
        }
    }

    @Test(arguments: ["zeros", "garbage", "text"])
    func junkBehindACutAtEveryByteKeepsEveryCommit(kind: String) throws {
        let sample = try SegmentSample.open(events: 17, every: 3)
        let junk: [UInt8] =
            switch kind {
            case "zeros": [UInt8](repeating: 0, count: 700)
            case "garbage": (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3 | 1) }
            default: Array(String(repeating: "not gzip ", count: 70).utf8)
            }
        for cut in 0...sample.bytes.count {
            let (disk, report) = try recovered(Array(sample.bytes[..<cut]) + junk)
            let committed = sample.commits.last { $0.offset <= cut }?.lines ?? 0
            #expect(sealedLines(disk) ?? [] == Array(sample.lines[..<committed]), "cut at \(cut)")
            #expect(disk.files[SegmentSample.openPath] == nil, "cut at \(cut)")
            // Garbage in place of a check may be a damaged check.
            let isInCheck = sample.commits.contains {
                ($0.offset - FlushCheck.bytes..<$0.offset).contains(cut)
            }
            if committed > 0, kind == "zeros" || !isInCheck {
                #expect(!report.hasDamage, "cut at \(cut): \(report)")
            }
        }
    }

    /// The bytes after the first commit read as text into the last check, which then looks like one
    /// that was cut short.
    @Test(arguments: 1..<FlushCheck.blocks)
    func commitsThatInflateTakesForTextAreNoTornTail(block: Int) throws {
        let sample = try SegmentSample.open(events: 9, every: 3)
        let start = sample.commits[0].offset
        let end = sample.bytes.count - FlushCheck.bytes + block * FlushCheck.blockBytes
        let count = UInt16(end - start - FlushCheck.blockBytes)
        var bytes = sample.bytes
        // The header of a stored block: RFC 1951, 3.2.4.
        let low = UInt8(truncatingIfNeeded: count)
        let high = UInt8(truncatingIfNeeded: count >> 8)
        bytes.replaceSubrange(start..<(start + 5), with: [0, low, high, ~low, ~high])
        let (disk, report) = try recovered(bytes)
        #expect(report.hasDamage)
        #expect(sealedLines(disk) == Array(sample.lines[..<3]))
        #expect(disk.files[Layout.damagedPath(forSealed: SegmentSample.path)] == bytes)
    }

    @Test func writesTheManifestLineFromTheLines() throws {
        let sample = try SegmentSample.open(events: 20, every: 5)
        let (disk, _) = try recovered(sample.bytes)
        let entry = try #require(try disk.manifestEntries().entries.first)
        #expect(entry.path == SegmentSample.path)
        #expect(entry.reason == .recovered)
        #expect(entry.events == 20)
        #expect(entry.node == "c1")
        #expect(entry.run == "r1")
        #expect(entry.firstReceivedAt == "2026-11-22T10:00:01.123456Z")
        #expect(entry.lastReceivedAt == "2026-11-22T10:00:20.123456Z")
        #expect(entry.firstEventTime == "2026-11-22T09:59:01.000000Z")
        #expect(entry.lastEventTime == "2026-11-22T09:59:20.000000Z")
        #expect(
            entry.sequences == [
                .init(source: "reliable", run: "r1", events: 20, first: 1, last: 20)
            ]
        )
        #expect(try Verify.run(disk).findings == [])
    }

    @Test func filesWithNothingCommittedGoAway() throws {
        let sample = try SegmentSample.open(events: 2, every: 3)
        let empty: [[UInt8]] = [
            [], [0x1f], Array(sample.bytes.prefix(10)), sample.bytes,
            [UInt8](repeating: 0, count: 4096),
        ]
        for bytes in empty {
            let (disk, report) = try recovered(bytes)
            #expect(disk.files.isEmpty, "\(bytes.count) bytes")
            #expect(report.files.map(\.outcome) == [.removed])
            #expect(!report.hasDamage)
        }
    }

    @Test func contentWithoutACommitThatCannotBeReadIsKeptAside() throws {
        let junk = Array("this was once something".utf8)
        let (disk, report) = try recovered(junk)
        let aside = Layout.damagedPath(forSealed: SegmentSample.path)
        #expect(disk.files == [aside: junk])
        #expect(report.files.map(\.outcome) == [.damaged(keptAside: aside)])
        #expect(report.hasDamage)
    }

    @Test func damageInTheMiddleIsLoudAndKeepsWhatStandsBefore() throws {
        let sample = try SegmentSample.open(events: 30, every: 3)
        let aside = Layout.damagedPath(forSealed: SegmentSample.path)
        var loud = 0
        for index in 10..<sample.commits[8].offset {
            var bytes = sample.bytes
            bytes[index] ^= 0xff
            let (disk, report) = try recovered(bytes)
            let before = sample.commits.last { $0.offset <= index }?.lines ?? 0
            let kept = sealedLines(disk) ?? []
            #expect(kept.starts(with: sample.lines[..<before]), "byte \(index)")
            if report.hasDamage {
                loud += 1
                #expect(disk.files[aside] == bytes, "the original stays, byte \(index)")
                #expect(
                    try disk.manifestEntries().entries.map(\.events)
                        == (kept.isEmpty ? [] : [kept.count])
                )
            } else {
                // Bits that no reader uses: every event is there, byte for byte.
                #expect(kept == sample.lines, "byte \(index): \(report)")
            }
        }
        #expect(loud > (sample.commits[8].offset - 10) / 2)
    }

    @Test func aLineThatIsNoEventIsDamageOnlyWhenCommitted() throws {
        var encoder = try GzipEncoder(engine: .isal, level: 1)
        var bytes = SegmentSample.encode(SegmentSample.line(1) + "\n", flush: .sync, with: &encoder)
        bytes += SegmentSample.encode("{\"not\":\"ours\"}\n", flush: .sync, with: &encoder)
        let (disk, report) = try recovered(bytes)
        #expect(report.hasDamage)
        #expect(sealedLines(disk) == [SegmentSample.line(1)])

        var other = try GzipEncoder(engine: .isal, level: 1)
        bytes = SegmentSample.encode(SegmentSample.line(1) + "\n", flush: .sync, with: &other)
        bytes += SegmentSample.encode("{\"not\":\"ours\"}\n", flush: .none, with: &other)
        #expect(try recovered(bytes).1.files.map(\.outcome) == [.cut])
    }

    @Test func aWholeFileIsOnlyRenamed() throws {
        let sample = try SegmentSample.sealed(events: 9)
        for tail in [[], [0, 0, 0], [1, 2, 3]] as [[UInt8]] {
            let (disk, report) = try recovered(sample.bytes + tail)
            #expect(report.files.map(\.outcome) == [.finished])
            #expect(disk.files[SegmentSample.path] == sample.bytes)
        }
    }

    @Test func aWholeFileWithAWrongChecksumIsDamage() throws {
        var encoder = try GzipEncoder(engine: .isal, level: 1)
        var bytes = SegmentSample.encode(SegmentSample.line(1) + "\n", flush: .sync, with: &encoder)
        bytes += SegmentSample.encode(SegmentSample.line(2) + "\n", flush: .finish, with: &encoder)
        bytes[bytes.count - 6] ^= 1
        let (disk, report) = try recovered(bytes)
        #expect(report.hasDamage)
        #expect(sealedLines(disk) == [SegmentSample.line(1)])
    }

    /// Files that a run opens and seals after it looked are its own, whatever their names are: a
    /// clock that was ahead gives files later names than those of the next run.
    @Test func filesOfThisRunAreLeftAlone() throws {
        let disk = SimulatedDisk()
        let listed = "events/channel=web/part-c1-0-20261122T100000.000Z-7.ndjson.gz"
        disk.put(try SegmentSample.sealed(events: 4).bytes, at: listed)
        let open = try SegmentSample.open(events: 6, every: 3, from: 10)
        disk.put(open.bytes, at: SegmentSample.openPath)
        let leftovers = try Leftovers(disk)
        let names = ["20250101T000000.000Z-0", "20260101T000000.000Z-0", "20270101T000000.000Z-0"]
        let own = names.map { "events/channel=web/part-c1-0-\($0).ndjson.gz" }
        for path in own {
            disk.put(try SegmentSample.sealed(events: 2, from: 20).bytes, at: path)
            disk.put(open.bytes, at: Layout.openPath(forSealed: path + ".2.ndjson.gz"))
        }
        let report = try disk.recovery().run(leftovers)
        #expect(report.entriesAdded == [listed] && report.events == 6)
        let paths = try disk.manifestEntries().entries.map(\.path)
        #expect(Set(paths) == [listed, SegmentSample.path] && paths.count == 2)
        #expect(disk.files.keys.filter { $0.hasSuffix(SegmentFormat.openSuffix) }.count == 3)
    }
}
