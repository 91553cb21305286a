import Archive
import Recovery
import SegmentSupport
import Simulation
import Testing

/// Crashes during recovery: stops at every changing call, starts again, compares.
@Suite struct RecoveryCrashTests {
    enum Scene: String, CaseIterable, Sendable {
        case torn, finished, damaged, empty, junk, sealedWithoutEntry, tornManifest, several
    }

    private func disk(_ scene: Scene) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        var sample = try SegmentSample.open(events: 14, every: 4)
        switch scene {
        case .torn:
            disk.put(sample.bytes, at: SegmentSample.openPath)
        case .finished:
            disk.put(try SegmentSample.sealed(events: 5).bytes, at: SegmentSample.openPath)
        case .damaged:
            sample.bytes[sample.commits[1].offset + 1] ^= 0xff
            disk.put(sample.bytes, at: SegmentSample.openPath)
        case .empty:
            disk.put([], at: SegmentSample.openPath)
        case .junk:
            disk.put(Array("what is this".utf8), at: SegmentSample.openPath)
        case .sealedWithoutEntry:
            disk.put(try SegmentSample.sealed(events: 5).bytes, at: SegmentSample.path)
        case .tornManifest:
            disk.put(try SegmentSample.sealed(events: 5).bytes, at: SegmentSample.path)
            disk.put(
                Array(#"{"version":1,"path":"events/cha"#.utf8),
                at: Layout.manifestPath(date: "2026-11-22", node: "c1")
            )
        case .several:
            for number in 0..<3 {
                disk.put(
                    sample.bytes,
                    at: "events/channel=x/.part-c1-0-20261122T100000.000Z-\(number).ndjson.gz.open"
                )
            }
            disk.put(
                sample.bytes,
                at: "quarantine/reason=too_deep/.part-c1-0-20261122T100000.000Z-9.ndjson.gz.open"
            )
        }
        return disk
    }

    /// The relevant content of a disk: the files, with manifests as the set of their entries.
    private func essence(_ disk: SimulatedDisk) throws -> ([String: [UInt8]], Set<String>) {
        let files = disk.files.filter { !$0.key.hasPrefix(SegmentFormat.manifest + "/") }
        return (files, Set(try disk.manifestEntries().entries.map { "\($0)" }))
    }

    @Test(arguments: Scene.allCases, [false, true])
    func endsTheSameWhereverItStopped(scene: Scene, tearing: Bool) throws {
        let reference = try disk(scene)
        reference.stop(after: .max, tearing: false)
        _ = try reference.recover()
        let changes = reference.changes
        #expect(changes > 0)
        let expected = try essence(reference)
        for stop in 0..<changes {
            let crashed = try disk(scene)
            crashed.stop(after: stop, tearing: tearing)
            _ = try? crashed.recover()
            let again = crashed.restarted()
            _ = try again.recover()
            let found = try essence(again)
            #expect(found.0 == expected.0, "stopped after \(stop) of \(changes)")
            #expect(found.1 == expected.1, "stopped after \(stop) of \(changes)")
            let third = try again.recover()
            #expect(third.files == [] && third.entriesAdded == [], "a further run changes nothing")
            #expect(try essence(again) == expected)
        }
    }

    @Test func reportsEntriesWithoutFilesAndKeepsThem() throws {
        let disk = try disk(.sealedWithoutEntry)
        _ = try disk.recover()
        disk.remove(path: SegmentSample.path)
        let report = try disk.recover()
        #expect(report.missingFiles == [SegmentSample.path])
        #expect(try disk.manifestEntries().entries.count == 1)
    }
}
