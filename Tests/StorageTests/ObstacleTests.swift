import Dedup
import Foundation
import Glibc
import SegmentSupport
import Synchronization
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Storage

/// Obstacles of a segment other than a full disk: folders that cannot be entered, descriptors.
@Suite struct ObstacleTests {
    @Test(arguments: [ELOOP, ENOTDIR, EACCES, EPERM])
    func aFolderThatCannotBeEnteredCostsNobodyElse(code: Int32) throws {
        let told = Mutex<[String]>([])
        let bench = try WritingBench(
            onObstacle: { error, instead in
                told.withLock { $0.append("\(error.path.hasSuffix(".open")) \(instead)") }
            }
        )
        bench.disk.fail(.open, suffix: ".open", code: code)
        try bench.put("{}", channel: "web")
        try bench.put("{}", channel: "app")
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        let hour = "events/channel=web/date=2025-11-22/hour=__blocked__"
        #expect(told.withLock { $0 } == ["true \(hour)"])
        #expect(try bench.checkSealed() == 2)
        #expect(try bench.manifest().contains { $0.path.hasPrefix(hour) })
    }

    @Test(arguments: [
        ("events/a=1/b=2", "events/a=1/b=2/.x.open", "events/a=1/b=__blocked__"),
        ("events/a=1/b=2", "events/a=1/b=2", "events/a=__blocked__/b=2"),
        ("events/all", "events/all/.x.open", "events/__blocked__"),
        ("quarantine/reason=x", "quarantine/reason=x/.x.open", "quarantine/reason=__blocked__"),
    ])
    func theFolderInTheWayGetsAnotherValue(folder: String, failed: String, instead: String) {
        let error = FileSystemError(.open, failed, code: ELOOP)
        #expect(Layout.blocked(folder, by: error) == instead)
    }

    @Test(arguments: ["events", "events/a=1", "manifest/x"])
    func noOtherPlaceHelpsWhereARootIsInTheWay(failed: String) {
        let error = FileSystemError(.createFolder, failed, code: ELOOP)
        #expect(Layout.blocked("events/a=1/b=2", by: error) == nil)
        let full = FileSystemError(.open, "events/a=1/b=2/.x.open", code: ENOSPC)
        #expect(Layout.blocked("events/a=1/b=2", by: full) == nil)
    }

    /// Without a descriptor a writer closes its own files, those that are not read any more first,
    /// and does not wait for space.
    @Test func descriptorsAreGivenBackBeforeAnybodyWaits() throws {
        let bench = try WritingBench(
            openMax: 64,
            waitForRoom: { error in
                Issue.record("waits: \(error)")
                return false
            }
        )
        for number in 0..<20 { try bench.put("{}", channel: "first-\(number)") }
        try bench.commit()
        for number in 0..<20 {
            bench.disk.fail(.open, suffix: ".open", code: EMFILE)
            try bench.put("{}", channel: "second-\(number)")
        }
        #expect(bench.store.openCount == 20 && bench.disk.opened == 20)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 40 && bench.disk.opened == 0)
    }

    /// A file that a committer may still have to sync is not closed.
    @Test func whatIsBeingCommittedIsWaitedFor() throws {
        let waits = Mutex(0)
        let durable = Mutex(CommitNumber.none)
        let bench = try WritingBench(
            waitForRoom: { error in
                #expect(error.isOutOfDescriptors)
                // The committer is done meanwhile.
                durable.withLock { $0 = 1 }
                return waits.withLock { count in
                    count += 1
                    return count < 3
                }
            },
            durable: { durable.withLock { $0 } }
        )
        try bench.put("{}", channel: "first")
        let batch = try bench.store.takeBatch()
        bench.disk.fail(.open, suffix: ".open", code: EMFILE, times: 2)
        try bench.put("{}", channel: "second")
        #expect(waits.withLock { $0 } == 1 && bench.store.openCount == 1)
        _ = try bench.committer.commit(batch)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 2)
    }

    @Test func foldersOfOthersAndLinksArePassedOver() throws {
        let bench = try WritingBench()
        try bench.put("{}", channel: "ours")
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        let events = bench.folder.path + "/events"
        try FileManager.default.createSymbolicLink(
            atPath: events + "/link",
            withDestinationPath: events + "/channel=ours"
        )
        for name in ["lost+found", "theirs"] {
            try FileManager.default.createDirectory(
                atPath: "\(events)/\(name)",
                withIntermediateDirectories: false
            )
        }
        for name in ["lost+found", "theirs"] {
            bench.disk.fail(.list, suffix: name, code: EACCES, times: 2)
        }
        // An unreadable folder of Touchpoint's own may hide anything.
        #expect(throws: FileSystemError.self) { try SegmentTree.walk(bench.disk) { _, _ in } }
        bench.disk.set { $0.foreign = ["events/theirs"] }
        var (visited, foreign) = ([String](), [FileSystemError]())
        try SegmentTree.walk(bench.disk, onForeign: { foreign.append($0) }) { path, _ in
            visited.append(path)
        }
        #expect(try visited == bench.manifest().map(\.path))
        #expect(foreign.map(\.path) == ["events/link", "events/theirs"])
        #expect(foreign.map(\.code) == [ELOOP, EACCES])
    }
}
