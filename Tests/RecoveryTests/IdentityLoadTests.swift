import Dedup
import Events
import SegmentSupport
import Simulation
import TestSupport
import Testing

@testable import Archive
@testable import Recovery

@Suite struct IdentityLoadTests {
    /// 2026-11-22T10:00:00Z.
    private static let ten: UInt32 = 1_795_341_600
    private static let since = ten - 3_600

    private static func line(_ number: Int, source: String = "a", hour: String = "10") -> String {
        #"{"_touchpoint":{"receivedAt":"2026-11-22T\#(hour):00:00.123456Z","node":"c1","#
            + #""source":"\#(source)","seq":\#(number),"run":"r1"},"messageId":"event \#(number)"}"#
    }

    private static func path(_ number: Int, start: String = "20261122T100000.000Z") -> String {
        "events/channel=web/part-c1-0-\(start)-\(number).ndjson.gz"
    }

    /// Puts a sealed segment with its manifest line on the disk.
    private static func seal(
        _ lines: [String],
        at path: String,
        on disk: SimulatedDisk,
        source: String = "a",
        lastHour: String = "10"
    ) throws {
        disk.put(try SegmentSample.sealed(lines).bytes, at: path)
        var entry = try SegmentSurvey.read(path, in: disk)
            .entry(path: path, node: "c1", run: "r1", sealedAt: Int64(ten) * 1_000_000)
        entry.lastReceivedAt = "2026-11-22T\(lastHour):00:00.123456Z"
        let manifest = Layout.manifestPath(date: "2026-11-22", node: "c1")
        disk.put((disk.files[manifest] ?? []) + ManifestLine.bytes(entry), at: manifest)
    }

    private static let contentHash = ContentHash(key0: 1, key1: 2)

    private static func load(
        _ disk: SimulatedDisk,
        sources: [String: Int] = ["a": 3],
        contentHash: ContentHash = contentHash,
        stop: Bool = false,
        onIdentity: (KnownIdentity) -> Void = { _ in }
    ) throws -> (IdentityLoad.Report, [String]) {
        var ids: [String] = []
        let report = try IdentityLoad(
            fileSystem: disk,
            sources: sources,
            since: since,
            contentHash: contentHash,
            shouldStop: { stop }
        ).run(onIdentity: { known in
            ids.append("\(known.source) \(String(decoding: known.identity.text, as: UTF8.self))")
            onIdentity(known)
        })
        return (report, ids)
    }

    /// The contents' hashes, in order.
    private static func contents(
        _ disk: SimulatedDisk,
        contentHash: ContentHash = contentHash
    ) throws -> (IdentityLoad.Report, [UInt64]) {
        var contents: [UInt64] = []
        let (report, _) = try load(disk, contentHash: contentHash) { contents.append($0.content) }
        return (report, contents)
    }

    /// From the segment, and then from the file that was written from it.
    @Test func givesTheContentsOfEvents() throws {
        let disk = SimulatedDisk()
        try Self.seal((1...9).map { Self.line($0) }, at: Self.path(0), on: disk)
        let (first, contents) = try Self.contents(disk)
        #expect(first.segments == 1 && Set(contents).count == 9 && !contents.contains(0))
        let (second, again) = try Self.contents(disk)
        #expect(second.files == 1 && again == contents)
    }

    /// With another key the contents are hashed again, if they exist.
    @Test func contentsOfAnotherKeyAreHashedAnew() throws {
        let disk = SimulatedDisk()
        try Self.seal((1...9).map { Self.line($0) }, at: Self.path(0), on: disk)
        let before = try Self.contents(disk).1
        let other = ContentHash(key0: 3, key1: 4)
        let (report, contents) = try Self.contents(disk, contentHash: other)
        #expect(report.segments == 1 && Set(contents).count == 9 && contents != before)
        disk.remove(path: Self.path(0))
        #expect(try Self.contents(disk, contentHash: other).1 == contents)
        let (third, unknown) = try Self.contents(disk)
        #expect(third.unreadable.isEmpty && third.files == 1)
        #expect(unknown == Array(repeating: 0, count: 9))
    }

    /// `dedup` was off for one of two sources that share a segment, and is switched on.
    @Test func readsTheSegmentWhereTheFileOfIdsLacksASource() throws {
        let disk = SimulatedDisk()
        let lines = (1...6).map { Self.line($0, source: $0 % 2 == 0 ? "a" : "b") }
        try Self.seal(lines, at: Self.path(0), on: disk)
        _ = try Self.load(disk)
        let both = ["a": 0, "b": 1]
        let (report, ids) = try Self.load(disk, sources: both)
        #expect(report.segments == 1 && report.unreadable.isEmpty)
        #expect(Set(ids) == Set((1...6).map { "\($0 % 2) event \($0)" }))
        let (second, again) = try Self.load(disk, sources: both)
        #expect(second.segments == 0 && second.files == 1 && Set(again) == Set(ids))
        // Without the segment its ids cannot be known, which is reported.
        _ = try Self.load(disk, sources: ["b": 1], contentHash: ContentHash(key0: 9, key1: 9))
        disk.remove(path: Self.path(0))
        let (third, _) = try Self.load(disk)
        #expect(third.unreadable[Self.path(0)]?.contains("it has no ids of a") == true)
        #expect(third.unreadableUntil == Self.ten)
    }

    @Test func readsASegmentWithoutAFileOfIdsAndWritesOne() throws {
        let disk = SimulatedDisk()
        let lines = (1...50).map { Self.line($0, source: $0 % 2 == 0 ? "a" : "other") }
        try Self.seal(lines, at: Self.path(0), on: disk)
        let wanted = stride(from: 2, through: 50, by: 2).map { "3 event \($0)" }
        let (first, ids) = try Self.load(disk)
        #expect(ids == wanted)
        #expect(first.ids == 25 && first.segments == 1 && first.files == 0)
        // The next time the file of ids is there.
        let (second, again) = try Self.load(disk)
        #expect(again == wanted)
        #expect(second.segments == 0 && second.files == 1)
    }

    /// Cut anywhere, every id is still found.
    @Test func readsTheSegmentWhereTheFileOfIdsIsDamaged() throws {
        let disk = SimulatedDisk()
        try Self.seal((1...9).map { Self.line($0) }, at: Self.path(0), on: disk)
        _ = try Self.load(disk)
        let path = Layout.identityPath(forSealed: Self.path(0))
        let whole = try #require(disk.files[path])
        for count in whole.indices {
            disk.put(Array(whole[..<count]), at: path)
            let (report, ids) = try Self.load(disk)
            #expect(Set(ids) == Set((1...9).map { "3 event \($0)" }))
            #expect(report.segments == 1 && report.unreadable.isEmpty)
            #expect(disk.files[path] == whole, "it was not written again after a cut at \(count)")
        }
    }

    @Test func idsOfASegmentThatWasMovedAwayStillCount() throws {
        let disk = SimulatedDisk()
        try Self.seal([Self.line(1)], at: Self.path(0), on: disk)
        _ = try Self.load(disk)
        disk.remove(path: Self.path(0))
        #expect(try Self.load(disk).1 == ["3 event 1"])
        // Without both nothing can be known, which is reported.
        disk.remove(path: Layout.identityPath(forSealed: Self.path(0)))
        #expect(try Self.load(disk).0.unreadable.keys.contains(Self.path(0)))
    }

    @Test func leavesOutWhatIsOlderOrOfOtherSources() throws {
        let disk = SimulatedDisk()
        try Self.seal([Self.line(1, hour: "08")], at: Self.path(0), on: disk, lastHour: "08")
        try Self.seal([Self.line(2, source: "b")], at: Self.path(1), on: disk)
        try Self.seal([Self.line(3, hour: "08"), Self.line(4)], at: Self.path(2), on: disk)
        let (report, ids) = try Self.load(disk)
        #expect(ids == ["3 event 4"])
        #expect(report.segments == 1)
    }

    @Test func readsTheOldestFirst() throws {
        let disk = SimulatedDisk()
        for (number, start) in ["095900", "095000", "100500", "095500"].enumerated() {
            let path = Self.path(number, start: "20261122T\(start).000Z")
            try Self.seal([Self.line(number)], at: path, on: disk)
        }
        #expect(try Self.load(disk).1 == [1, 3, 0, 2].map { "3 event \($0)" })
    }

    @Test func saysWhatCannotBeRead() throws {
        let disk = SimulatedDisk()
        try Self.seal((1...40).map { Self.line($0) }, at: Self.path(0), on: disk)
        let bytes = try #require(disk.files[Self.path(0)])
        disk.put(Array(bytes.prefix(bytes.count - 20)), at: Self.path(0))
        let (report, _) = try Self.load(disk)
        #expect(report.unreadable[Self.path(0)] == "it cannot be read to its end")
        #expect(report.unreadableUntil == Self.ten)
        #expect(try Self.load(disk, stop: true).0.isStopped)
    }

    @Test func sweepsWhatTheWindowHasPassed() throws {
        let disk = SimulatedDisk()
        try Self.seal([Self.line(1)], at: Self.path(0), on: disk)
        _ = try Self.load(disk)
        let path = Layout.identityPath(forSealed: Self.path(0))
        #expect(IdentitySweep.run(disk, since: Self.ten) == 0)
        #expect(disk.files[path] != nil)
        #expect(IdentitySweep.run(disk, since: Self.ten + 1) == 1)
        #expect(disk.files[path] == nil)
        // A file that was begun and never ended stays until its segment must be over.
        disk.put(IdentityFile.magic, at: path)
        #expect(IdentitySweep.run(disk, since: Self.ten + 3_600) == 0)
        #expect(IdentitySweep.run(disk, since: Self.ten + 3 * 86_400) == 1)
    }

    @Test func theKeyOfContentsIsNoFileOfIDs() throws {
        let disk = SimulatedDisk()
        _ = try ContentKey.load(in: disk)
        #expect(try IdentitySweep.names(disk).isEmpty)
    }
}
