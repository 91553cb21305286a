import Glibc
import SegmentSupport
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Storage

/// The order of syncs, and that nothing is durable when a step fails.
@Suite struct SegmentCommitterTests {
    private let folder = "events/channel=web/date=2025-11-22/hour=10"
    private var sealed: String { "\(folder)/part-c1-0-20251122T100000.000Z-0.ndjson.gz" }
    private var open: String { Layout.openPath(forSealed: sealed) }

    @Test func aNewFileIsSyncedBeforeItsNames() throws {
        let bench = try WritingBench()
        try bench.put("{}")
        let batch = try bench.store.takeBatch()
        bench.disk.clearLog()
        _ = try bench.committer.commit(batch)
        #expect(
            bench.disk.log == [
                "datasync \(open)", "createFolder events", "syncFolder ",
                "createFolder events/channel=web", "syncFolder events",
                "createFolder events/channel=web/date=2025-11-22", "syncFolder events/channel=web",
                "createFolder \(folder)", "syncFolder events/channel=web/date=2025-11-22",
                "syncFolder \(folder)",
            ]
        )
        try bench.put("{}")
        let second = try bench.store.takeBatch()
        bench.disk.clearLog()
        _ = try bench.committer.commit(second)
        #expect(bench.disk.log == ["datasync \(open)"])
    }

    @Test func sealingSyncsRenamesSyncsTheFolderAndThenWritesTheManifest() throws {
        let bench = try WritingBench()
        try bench.put("{}")
        try bench.commit()
        _ = try bench.store.seal(prefix: "")
        let batch = try bench.store.takeBatch()
        bench.disk.clearLog()
        _ = try bench.committer.commit(batch)
        let manifest = "manifest/date=2025-11-22/c1.ndjson"
        #expect(
            bench.disk.log == [
                "datasync \(open)", "rename \(sealed)", "syncFolder \(folder)",
                "createFolder manifest", "syncFolder ", "createFolder manifest/date=2025-11-22",
                "syncFolder manifest", "open \(manifest)", "syncFolder manifest/date=2025-11-22",
                "write \(manifest)", "datasync \(manifest)",
            ]
        )
    }

    @Test func aSegmentSealedBeforeItsFirstCommitGetsDurableNames() throws {
        let bench = try WritingBench()
        try bench.put("{}")
        _ = try bench.store.seal(prefix: "")
        let batch = try bench.store.takeBatch()
        bench.disk.clearLog()
        _ = try bench.committer.commit(batch)
        let log = bench.disk.log
        let rename = try #require(log.firstIndex(of: "rename \(sealed)"))
        let synced = try #require(log.firstIndex(of: "syncFolder \(folder)"))
        let parent = try #require(log.firstIndex(of: "syncFolder events"))
        let manifest = try #require(log.firstIndex { $0.hasPrefix("write manifest") })
        #expect(log.first == "datasync \(open)" && rename < synced && synced < manifest)
        #expect(parent < manifest)
    }

    /// Every operation of a commit with one new, one known and one sealed file fails once.
    @Test func nothingIsDoneWhenAnyStepFails() throws {
        let whole = try prepared()
        _ = try whole.bench.committer.commit(whole.batch)
        let steps = whole.bench.disk.log
        #expect(steps.count > 12)
        for (at, step) in steps.enumerated() {
            let word = String(step.prefix { $0 != " " })
            let operation = try #require(FileSystemError.Operation(rawValue: word))
            let before = steps[..<at].filter { $0.hasPrefix("\(word) ") }.count
            let (bench, batch) = try prepared()
            bench.disk.fail(operation, code: EIO, after: before)
            do {
                _ = try bench.committer.commit(batch)
                Issue.record("step \(at), \(step), failed unnoticed")
            } catch {
                #expect(error.code == EIO && error.operation == operation, "\(step): \(error)")
                #expect(!error.path.isEmpty || step == "syncFolder ", "\(step): \(error)")
            }
            // Nothing after the failed step was tried.
            #expect(bench.disk.log.count == at + 1, "\(step)")
        }
    }

    private func prepared() throws -> (bench: WritingBench, batch: CommitBatch) {
        let bench = try WritingBench()
        try bench.put("{}", channel: "known")
        try bench.put("{}", channel: "web")
        try bench.commit()
        try bench.put("{}", channel: "new")
        try bench.put("{}", channel: "known")
        _ = try bench.store.seal(prefix: "events/channel=web")
        let batch = try bench.store.takeBatch()
        bench.disk.clearLog()
        return (bench, batch)
    }

    @Test func sealingNeverReplacesAFileAndTakesAnotherName() throws {
        let bench = try WritingBench()
        try bench.put("{}")
        let stranger = try bench.disk.open(sealed, .createNew)
        try bench.disk.write([7], to: stranger)
        bench.disk.close(stranger)
        _ = try bench.store.seal(prefix: "")
        let other = Layout.alternative(toSealed: sealed, 2)
        #expect(other.hasSuffix("-0.2.ndjson.gz"))
        #expect(try bench.commit().map(\.path) == [other])
        #expect(try bench.bytes(sealed) == [7])
        #expect(try bench.manifest().map(\.path) == [other] && !bench.disk.exists(open))
        #expect(try runProgram("/usr/bin/zcat", [bench.folder.path + "/" + other]).exitCode == 0)
    }
}
