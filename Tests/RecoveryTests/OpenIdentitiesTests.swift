import Compression
import Dedup
import Events
import SegmentSupport
import Simulation
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Recovery

/// Ids of open segments are exactly those of the events that recovery keeps.
@Suite struct OpenIdentitiesTests {
    private static let hash = ContentHash.random

    private static func line(_ number: Int, source: String = "a") -> String {
        #"{"_touchpoint":{"receivedAt":"2026-11-22T10:00:00.123456Z","node":"c1","#
            + #""source":"\#(source)","seq":\#(number),"run":"r1"},"messageId":"event \#(number)"}"#
    }

    /// Creates an open segment, a commit every `every` events; each third is of another source.
    private static func segment(
        _ count: Int,
        every: Int,
        ending: Flush = .none
    ) throws -> [UInt8] {
        var encoder = try GzipEncoder(engine: .isal, level: 1)
        var bytes: [UInt8] = []
        for number in 1...count {
            let flush: Flush =
                number == count && ending == .finish
                ? .finish : number % every == 0 ? .sync : .none
            let source = number % 3 == 0 ? "other" : "a"
            bytes += SegmentSample.encode(
                line(number, source: source) + "\n",
                flush: flush,
                with: &encoder
            )
        }
        return bytes
    }

    private static func read(_ disk: any FileSystem) throws -> (OpenIdentities, [String]) {
        let open = try OpenIdentities(
            SegmentSample.openPath,
            in: disk,
            sources: ["a": 3],
            since: 0,
            contentHash: hash
        )
        var ids: [String] = []
        open.each { known in
            #expect(known.source == 3 && known.content != 0)
            ids.append(String(decoding: known.identity.text, as: UTF8.self))
        }
        #expect(ids.count == open.count)
        return (open, ids)
    }

    /// Returns the ids that recovery makes visible, of source `a`.
    private static func recovered(_ disk: SimulatedDisk) throws -> [String] {
        _ = try disk.recover()
        let lines = disk.files[SegmentSample.path].flatMap(inflatedLines) ?? []
        return lines.filter { $0.contains(#""source":"a""#) }
            .compactMap { $0.split(separator: "\"").dropLast().last.map(String.init) }
    }

    @Test func theyAreOfWhatRecoveryKeepsCutAtEveryByte() throws {
        let bytes = try Self.segment(20, every: 4)
        var most = 0
        for cut in 0...bytes.count {
            let disk = SimulatedDisk()
            disk.put(Array(bytes[..<cut]), at: SegmentSample.openPath)
            let (open, ids) = try Self.read(disk)
            #expect(disk.openFiles == 0 && open.scan != nil)
            #expect(try Self.recovered(disk) == ids, "cut at \(cut)")
            most = max(most, ids.count)
        }
        #expect(most == 14)
    }

    @Test func ofAWholeFileTheyAreAll() throws {
        let disk = SimulatedDisk()
        disk.put(try Self.segment(20, every: 6, ending: .finish), at: SegmentSample.openPath)
        #expect(try Self.read(disk).1.count == 14)
    }

    @Test func whatIsOlderThanTheWindowIsLeftOut() throws {
        let disk = SimulatedDisk()
        disk.put(try Self.segment(20, every: 5), at: SegmentSample.openPath)
        let open = try OpenIdentities(
            SegmentSample.openPath,
            in: disk,
            sources: ["a": 3],
            since: .max,
            contentHash: Self.hash
        )
        #expect(open.count == 0 && open.scan?.events == 20)
    }

    /// Recovery stopped between its rename and the removal: the visible file counts.
    @Test func besideItsSealedFileTheseAreItsIDs() throws {
        let disk = SimulatedDisk()
        disk.put(try Self.segment(8, every: 4), at: SegmentSample.openPath)
        disk.put(try Self.segment(20, every: 4, ending: .finish), at: SegmentSample.path)
        let (open, ids) = try Self.read(disk)
        #expect(open.scan == nil && ids.count == 14)
    }

    /// Sources already know these ids: a file with fewer must not become visible under the name.
    @Test func recoverySettlesNoSegmentThatReadsDifferently() throws {
        let disk = SimulatedDisk()
        disk.put(try Self.segment(20, every: 4), at: SegmentSample.openPath)
        let leftovers = try Leftovers(disk)
        let scan = try #require(try Self.read(disk).0.scan)
        let scans = [PathKey(SegmentSample.openPath): scan]
        let less = try Self.segment(8, every: 4)
        disk.put(less, at: SegmentSample.openPath)
        let failed = try disk.recovery().run(leftovers, scans: scans)
        #expect(failed.hasFailed && failed.events == 0)
        #expect(disk.files.keys.sorted() == [SegmentSample.openPath] && disk.openFiles == 0)
        // Once it reads as before, it is settled; and a further attempt changes nothing.
        disk.put(try Self.segment(20, every: 4), at: SegmentSample.openPath)
        #expect(try disk.recovery().run(leftovers, scans: scans).events == 20)
        let files = disk.files
        let again = try disk.recovery().run(leftovers, scans: scans)
        #expect(again.files.isEmpty && !again.hasFailed && disk.files == files)
    }

    @Test func aFileOfIDsThatLacksItsEndIsCompleted() throws {
        let disk = SimulatedDisk()
        disk.put(try Self.segment(20, every: 4), at: SegmentSample.openPath)
        let ids = Layout.identityPath(forSealed: SegmentSample.path)
        disk.put(Array("TPIDS".utf8), at: ids)
        let leftovers = try Leftovers(disk)
        let loading = IdentityLoad(
            fileSystem: disk,
            sources: ["a": 3],
            since: 0,
            contentHash: Self.hash
        )
        let before = try loading.run(leftovers) { _ in }
        #expect(before.ids == 0 && disk.files[ids] != nil, "what is open is not its business")
        _ = try disk.recovery().run(leftovers)
        try loading.complete(SegmentSample.path)
        let after = try loading.run { _ in }
        #expect(after.ids == 14 && after.files == 1 && after.segments == 0)
        let written = disk.files[ids]
        try loading.complete(SegmentSample.path)
        #expect(disk.files[ids] == written)
    }
}
