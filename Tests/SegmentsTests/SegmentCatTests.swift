import Segments
import Testing

@Suite struct SegmentCatTests {
    private static let paths = (0..<3).map {
        "events/channel=\($0)/part-c1-\($0)-20261122T100000.000Z-0.ndjson.gz"
    }

    private func cat(
        _ disk: MemoryDisk,
        _ filter: SegmentCat.Filter = .init(),
        limit: Int = .max
    ) throws -> ([String], SegmentCat.Summary) {
        var lines: [String] = []
        let paths = try SegmentCat.sealedPaths(disk, below: [Layout.events])
        let summary = try SegmentCat.run(disk, paths: paths, filter: filter) {
            lines.append(String(decoding: $0, as: UTF8.self))
            return lines.count < limit
        }
        return (lines, summary)
    }

    @Test func givesFilesInOrderOfTheirPaths() throws {
        let disk = MemoryDisk()
        var expected: [String] = []
        for (index, path) in Self.paths.enumerated() {
            let sample = try SegmentSample.sealed(events: 3, from: 30 - index * 10)
            disk.put(sample.bytes, at: path)
            expected += sample.lines
        }
        let (lines, summary) = try cat(disk)
        #expect(lines == expected)
        #expect(summary.lines == 9)
        #expect(try cat(disk, limit: 4).0 == Array(expected.prefix(4)))
    }

    @Test func oneSourceComesInSequenceOrderAcrossFilesRunByRun() throws {
        let disk = MemoryDisk()
        let numbers = [[1, 4, 7, 20], [2, 3, 9], [5, 6, 8, 21]]
        for (path, list) in zip(Self.paths, numbers) {
            let other = SegmentSample.line(3, source: "other")
            disk.put(
                try SegmentSample.sealed(list.map { SegmentSample.line($0) } + [other]).bytes,
                at: path
            )
        }
        disk.put(
            try SegmentSample.sealed(events: 2, from: 40, run: "r2").bytes,
            at: "events/a/part-0.ndjson.gz"
        )
        let (lines, _) = try cat(disk, .init(source: "reliable"))
        let expected =
            numbers.flatMap { $0 }.sorted().map { SegmentSample.line($0) }
            + [40, 41].map { SegmentSample.line($0, run: "r2") }
        #expect(lines == expected)
        #expect(disk.openHandles == 0)
    }

    @Test func limitsByReceptionTime() throws {
        let disk = MemoryDisk()
        disk.put(try SegmentSample.sealed(events: 30).bytes, at: Self.paths[0])
        let start: Int64 = 1_795_341_600_000_000
        let (lines, _) = try cat(disk, .init(from: start + 5_000_000, to: start + 8_000_000))
        #expect(lines == [5, 6, 7].map { SegmentSample.line($0) })
    }

    @Test func saysWhichFilesEndEarlyAndGoesOn() throws {
        let disk = MemoryDisk()
        let sample = try SegmentSample.sealed(events: 4)
        disk.put(Array(sample.bytes.dropLast(9)), at: Self.paths[0])
        disk.put(try SegmentSample.sealed(events: 2, from: 9).bytes, at: Self.paths[1])
        let (lines, summary) = try cat(disk)
        #expect(lines.suffix(2) == [SegmentSample.line(9), SegmentSample.line(10)])
        #expect(summary.damaged.keys.sorted() == [Self.paths[0]])
    }
}
