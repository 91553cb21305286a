import Archive
import Disk
import Inspection
import SegmentSupport
import Simulation
import TestSupport
import Testing

@Suite struct SegmentCatTests {
    private static let paths = (0..<3).map {
        "events/channel=\($0)/part-c1-\($0)-20261122T100000.000Z-0.ndjson.gz"
    }

    private func cat(
        _ disk: SimulatedDisk,
        _ filter: SegmentCat.Filter = .init(),
        inFileOrder: Bool = false,
        openMax: Int = 128,
        withIndex: Bool = false,
        limit: Int = .max
    ) throws -> ([String], SegmentCat.Summary) {
        var lines: [String] = []
        let paths = try SegmentCat.paths(disk, below: [SegmentFormat.events])
        var options = SegmentCat.Options()
        (options.inFileOrder, options.openMax) = (inFileOrder, openMax)
        var index = SegmentIndex()
        if withIndex { try index.add(disk, below: "") }
        let summary = try SegmentCat.run(
            disk,
            paths: paths,
            filter: filter,
            options: options,
            index: index
        ) {
            lines.append(String(decoding: $0, as: UTF8.self))
            return lines.count < limit
        }
        #expect(disk.openFiles == 0)
        return (lines, summary)
    }

    @Test func givesFilesInOrderOfTheirPathsWhenAskedTo() throws {
        let disk = SimulatedDisk()
        var expected: [String] = []
        for (index, path) in Self.paths.enumerated() {
            let sample = try SegmentSample.sealed(events: 3, from: 30 - index * 10)
            disk.put(sample.bytes, at: path)
            expected += sample.lines
        }
        let (lines, summary) = try cat(disk, inFileOrder: true)
        #expect(lines == expected)
        #expect(summary.lines == 9)
        #expect(try cat(disk, inFileOrder: true, limit: 4).0 == Array(expected.prefix(4)))
        let ordered = [10, 11, 12, 20, 21, 22, 30, 31, 32].map { SegmentSample.line($0) }
        #expect(try cat(disk).0 == ordered)
        #expect(try cat(disk, limit: 5).0 == Array(ordered.prefix(5)))
    }

    /// Three files of two sources, and a later run.
    private func mixed() throws -> (SimulatedDisk, reliable: [String], other: [String]) {
        let disk = SimulatedDisk()
        let numbers = [[1, 4, 7, 20], [2, 3, 9], [5, 6, 8, 21]]
        for (index, (path, list)) in zip(Self.paths, numbers).enumerated() {
            let other = SegmentSample.line(9 - index, source: "other")
            disk.put(
                try SegmentSample.sealed([other] + list.map { SegmentSample.line($0) }).bytes,
                at: path
            )
        }
        disk.put(
            try SegmentSample.sealed(events: 2, from: 40, run: "r2").bytes,
            at: "events/a/part-0.ndjson.gz"
        )
        let reliable =
            numbers.flatMap { $0 }.sorted().map { SegmentSample.line($0) }
            + [40, 41].map { SegmentSample.line($0, run: "r2") }
        return (disk, reliable, [7, 8, 9].map { SegmentSample.line($0, source: "other") })
    }

    @Test(arguments: [1, 2, 3, 128], [false, true])
    func sourcesComeInSequenceOrderAcrossFilesRunByRun(openMax: Int, withIndex: Bool) throws {
        let (disk, reliable, other) = try mixed()
        if withIndex { _ = try disk.recover() }
        let before = disk.files
        let (lines, summary) = try cat(disk, openMax: openMax, withIndex: withIndex)
        #expect(lines == other + reliable)
        #expect(summary.damaged == [:] && summary.unreadable == [:])
        let (some, _) = try cat(disk, .init(source: "reliable"), openMax: openMax)
        #expect(some == reliable)
        #expect(disk.files == before, "scratch files are left")
    }

    @Test func manyFilesThatOverlapAreMergedWithFewOpen() throws {
        let disk = SimulatedDisk()
        let count = 60
        for file in 0..<count {
            let lines = (0..<5).map { SegmentSample.line(1 + file + $0 * count) }
            disk.put(try SegmentSample.sealed(lines).bytes, at: "events/x/part-\(file).ndjson.gz")
        }
        let (lines, _) = try cat(disk, openMax: 7)
        #expect(lines == (1...5 * count).map { SegmentSample.line($0) })
        #expect(disk.openFilesMost <= 10)
    }

    @Test func limitsByReceptionTime() throws {
        let disk = SimulatedDisk()
        disk.put(try SegmentSample.sealed(events: 30).bytes, at: Self.paths[0])
        let start: Int64 = 1_795_341_600_000_000
        let filter = SegmentCat.Filter(from: start + 5_000_000, to: start + 8_000_000)
        let expected = [5, 6, 7].map { SegmentSample.line($0) }
        #expect(try cat(disk, filter).0 == expected)
        _ = try disk.recover()
        #expect(try cat(disk, filter, withIndex: true).0 == expected)
        let later = SegmentCat.Filter(from: start + 60_000_000)
        #expect(try cat(disk, later, withIndex: true).0 == [])
    }

    @Test func limitsByChannelOfTheFolderOrTheEvent() throws {
        let disk = SimulatedDisk()
        func line(_ number: Int, _ channel: String) -> String {
            SegmentSample.line(number).dropLast() + #","channel":"\#(channel)"}"#
        }
        func put(_ lines: [String], _ folder: String) throws {
            disk.put(try SegmentSample.sealed(lines).bytes, at: "events/\(folder)/part-0.ndjson.gz")
        }
        // The folder decides, for the channel may be of the batch or the source.
        try put([SegmentSample.line(1)], "channel=a%20b")
        try put([line(2, "a b")], "channel=web")
        try put([line(4, "a b"), line(5, "web")], "channel=__other__")
        try put([line(6, "web"), line(8, "a b")], "date=2026-11-22")
        let (lines, _) = try cat(disk, .init(channel: "a b"))
        #expect(lines == [SegmentSample.line(1), line(4, "a b"), line(8, "a b")])
    }

    @Test func givesTheCommittedPartOfOpenSegments() throws {
        let disk = SimulatedDisk()
        let open = try SegmentSample.open(events: 8, every: 3, from: 5)
        disk.put(open.bytes, at: Layout.openPath(forSealed: Self.paths[0]))
        disk.put(try SegmentSample.sealed(events: 4).bytes, at: Self.paths[1])
        let expected = (1...10).map { SegmentSample.line($0) }
        let (lines, summary) = try cat(disk)
        #expect(lines == expected && summary.damaged == [:])
        #expect(Set(try cat(disk, inFileOrder: true).0) == Set(expected))
    }

    @Test(arguments: [false, true])
    func saysWhichFilesEndEarlyAndGoesOn(inFileOrder: Bool) throws {
        let disk = SimulatedDisk()
        let sample = try SegmentSample.sealed(events: 4)
        disk.put(Array(sample.bytes.dropLast(9)), at: Self.paths[0])
        disk.put(try SegmentSample.sealed(events: 2, from: 9).bytes, at: Self.paths[1])
        let (lines, summary) = try cat(disk, inFileOrder: inFileOrder)
        #expect(lines.suffix(2) == [SegmentSample.line(9), SegmentSample.line(10)])
        #expect(summary.damaged.keys.sorted() == [Self.paths[0]])
    }

    @Test func saysWhichFilesAreNotThereAndGoesOn() throws {
        let disk = SimulatedDisk()
        let sample = try SegmentSample.sealed(events: 4)
        disk.put(sample.bytes, at: Self.paths[0])
        var lines: [String] = []
        let summary = try SegmentCat.run(disk, paths: [Self.paths[1], Self.paths[0]]) {
            lines.append(String(decoding: $0, as: UTF8.self))
            return true
        }
        #expect(lines == sample.lines)
        #expect(summary.unreadable.keys.sorted() == [Self.paths[1]])
    }

    /// Names that are equal text in Swift, but several folders on the disk.
    @Test func linesOfAChannelAreFoundByOldAndNewNamesOfItsFolder() throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-names")
        let disk = try PosixFileSystem(directory: folder.path)
        let names = ["caf\u{e9}", "caf%C3%A9", "cafe\u{301}", "other"]
        for (index, name) in names.enumerated() {
            let path = "events/channel=\(name)/part-c1-\(index)-20261122T100000.000Z-0.ndjson.gz"
            try disk.createFolders(DiskPath.split(path).folder)
            let file = try disk.open(path, .createNew)
            try disk.write(
                try SegmentSample.sealed(events: 2, from: 1 + 10 * index).bytes,
                to: file
            )
            disk.close(file)
        }
        var lines: [String] = []
        _ = try SegmentCat.run(
            disk,
            paths: try SegmentCat.paths(disk, below: [SegmentFormat.events]),
            filter: SegmentCat.Filter(channel: "caf\u{e9}")
        ) {
            lines.append(String(decoding: $0, as: UTF8.self))
            return true
        }
        #expect(lines == [1, 2, 11, 12].map { SegmentSample.line($0) })
    }
}
