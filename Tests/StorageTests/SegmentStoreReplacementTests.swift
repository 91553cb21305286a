import Dedup
import Foundation
import Glibc
import SegmentSupport
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Storage

/// A segment whose write or sync failed is stored in a new file afterwards, whole.
@Suite struct SegmentStoreReplacementTests {
    private static let open = ".open"
    private static let copy = ".open.recovering"

    private func put(_ bench: WritingBench, _ numbers: Range<Int>) throws {
        for number in numbers { try bench.put(#"{"n":\#(number &* 7_919 % 10_007)}"#) }
    }

    /// Takes a batch, replaces its failed segments, and commits it.
    private func commitRepaired(_ bench: WritingBench) throws {
        var batch = try bench.store.takeBatch()
        let replaced = try bench.store.replace(failed: nil, folders: bench.folders)
        bench.store.settle(&batch, replaced: replaced)
        #expect(bench.store.failure == nil)
        _ = try bench.committer.commit(&batch)
        bench.store.forgetHeld(durable: bench.store.lastCommit)
        #expect(bench.store.heldBytes == 0)
    }

    @Test(arguments: [0, 1, 7, 100, 100_000], [EIO, EROFS, EINVAL])
    func aFailedWriteIsMadeGoodFromWhatIsHeld(taken: Int, code: Int32) throws {
        let bench = try WritingBench()
        try put(bench, 0..<3_000)
        try bench.commit()
        bench.disk.fail(.write, suffix: Self.open, code: code, taken: taken)
        try put(bench, 3_000..<9_000)
        try commitRepaired(bench)
        try put(bench, 9_000..<12_000)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 1)
        #expect(try bench.files().count == 2)
    }

    /// The file whose sync failed is neither synced nor written again.
    @Test func aFailedSyncIsMadeGoodInANewFile() throws {
        let bench = try WritingBench()
        try put(bench, 0..<500)
        try bench.commit()
        try put(bench, 500..<700)
        var batch = try bench.store.takeBatch()
        bench.disk.fail(.datasync, suffix: Self.open, code: EIO)
        let error = try #require(throws: FileSystemError.self) {
            try bench.committer.commit(&batch)
        }
        #expect(error.operation == .datasync)
        // The writer continues for a while before it learns of the failure.
        try put(bench, 700..<900)
        bench.disk.clearLog()
        let replaced = try bench.store.replace(failed: error.path, folders: bench.folders)
        #expect(replaced == [error.path])
        let path = Layout.openPath(forSealed: error.path)
        #expect(!bench.disk.log.contains("datasync \(path)"))
        #expect(bench.disk.log.contains("datasync \(path)\(SegmentFormat.copySuffix)"))
        bench.store.settle(&batch, replaced: replaced)
        bench.disk.clearLog()
        _ = try bench.committer.commit(&batch)
        #expect(bench.disk.log.isEmpty)
        try put(bench, 900..<1_000)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 1)
    }

    @Test func aFinishedFileWhoseSyncFailsIsMadeGoodToo() throws {
        let bench = try WritingBench()
        try put(bench, 0..<500)
        try bench.commit()
        try put(bench, 500..<600)
        _ = try bench.store.seal(prefix: "")
        var batch = try bench.store.takeBatch()
        bench.disk.fail(.datasync, suffix: Self.open, code: EIO)
        let error = try #require(throws: FileSystemError.self) {
            try bench.committer.commit(&batch)
        }
        let replaced = try bench.store.replace(failed: error.path, folders: bench.folders)
        bench.store.settle(&batch, replaced: replaced)
        #expect(try bench.committer.commit(&batch).count == 1)
        #expect(try bench.checkSealed() == 1)
    }

    /// One message that seals more segments than may wait with their descriptors, on a bad disk.
    ///
    /// `after`: calls that succeed; from the 65th file on the writer itself syncs and closes it.
    @Test(arguments: [
        (FileSystemError.Operation.datasync, 3), (.write, 3), (.write, 72),
    ])
    func manySealedAtOnceAreMadeGood(operation: FileSystemError.Operation, after: Int) throws {
        let count = WritingBench.sealsMax + 20
        let bench = try WritingBench(openMax: 2)
        bench.disk.fail(operation, suffix: Self.open, code: EIO, after: after, times: 5)
        for number in 0..<count { try bench.put("{}", channel: "c\(number)") }
        #expect(bench.store.failure != nil)
        _ = try bench.store.seal(prefix: "")
        try commitRepaired(bench)
        #expect(try bench.checkSealed() == count)
    }

    /// Of two syncs of a file whose bytes the disk has dropped, only the first fails: if that were
    /// the writer's, the committer would acknowledge lost events.
    @Test func whatACommitterHasIsNotSyncedByTheWriter() throws {
        let count = WritingBench.sealsMax + 5
        let bench = try WritingBench(openMax: count)
        for number in 0..<count { try bench.put("{}", channel: "c\(number)") }
        var underWay = try bench.store.takeBatch()
        for number in 0..<count { try bench.put("{}", channel: "c\(number)") }
        bench.disk.clearLog()
        #expect(try bench.store.seal(prefix: "") == count)
        #expect(!bench.disk.log.contains { $0.hasPrefix("datasync") })
        _ = try bench.committer.commit(&underWay)
        bench.store.forgetHeld(durable: bench.store.lastCommit)
        try commitRepaired(bench)
        #expect(try bench.checkSealed() == count)
    }

    /// Every call of a replacement fails once; each time it is begun again.
    @Test func aRepairCanBeBegunAgain() throws {
        let faults: [(FileSystemError.Operation, String)] = [
            (.open, Self.copy), (.write, Self.copy), (.datasync, Self.copy), (.rename, Self.open),
            (.syncFolder, ""), (.createFolder, ""),
        ]
        let bench = try WritingBench()
        try put(bench, 0..<2_000)
        try bench.commit()
        bench.disk.fail(.write, suffix: Self.open, code: EIO)
        try put(bench, 2_000..<4_000)
        var batch = try bench.store.takeBatch()
        for (operation, suffix) in faults {
            bench.disk.fail(operation, suffix: suffix, code: EIO)
            #expect(throws: FileSystemError.self, "\(operation)") {
                try bench.store.replace(failed: nil, folders: bench.folders)
            }
            #expect(bench.store.failure != nil)
        }
        let replaced = try bench.store.replace(failed: nil, folders: bench.folders)
        bench.store.settle(&batch, replaced: replaced)
        _ = try bench.committer.commit(&batch)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 1)
    }

    /// Sealed after the batch whose sync failed: the store's own batch gets the new file as well.
    @Test func whatWasSealedMeanwhileIsMended() throws {
        let bench = try WritingBench()
        try put(bench, 0..<500)
        try bench.commit()
        try put(bench, 500..<700)
        var batch = try bench.store.takeBatch()
        bench.disk.fail(.datasync, suffix: Self.open, code: EIO)
        let error = try #require(throws: FileSystemError.self) {
            try bench.committer.commit(&batch)
        }
        try put(bench, 700..<800)
        _ = try bench.store.seal(prefix: "")
        let replaced = try bench.store.replace(failed: error.path, folders: bench.folders)
        bench.store.settle(&batch, replaced: replaced)
        _ = try bench.committer.commit(&batch)
        try bench.commit()
        #expect(try bench.checkSealed() == 1)
    }

    /// One segment was replaced before another failed: the next call reports both to the batch.
    @Test func aRepairThatFailsHalfWayForgetsNothing() throws {
        let bench = try WritingBench()
        for channel in ["a", "b"] { try bench.put("{}", channel: channel) }
        try bench.commit()
        bench.disk.fail(.write, suffix: Self.open, code: EIO, times: 2)
        for channel in ["a", "b"] { try bench.put("{}", channel: channel) }
        var batch = try bench.store.takeBatch()
        bench.disk.fail(.datasync, suffix: Self.copy, code: EIO, after: 1)
        #expect(throws: FileSystemError.self) {
            try bench.store.replace(failed: nil, folders: bench.folders)
        }
        let replaced = try bench.store.replace(failed: nil, folders: bench.folders)
        #expect(replaced.count == 2)
        bench.store.settle(&batch, replaced: replaced)
        _ = try bench.committer.commit(&batch)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 2)
    }

    /// A durable part that reads back differently does not count as whole.
    @Test func rotInTheDurablePartIsNoticed() throws {
        let bench = try WritingBench()
        try put(bench, 0..<3_000)
        try bench.commit()
        let path = try #require(try bench.files().first { $0.hasSuffix(Self.open) })
        let file = Foundation.FileHandle(forUpdatingAtPath: bench.folder.path + "/" + path)
        let handle = try #require(file)
        try handle.seek(toOffset: 40)
        try handle.write(contentsOf: Data([0xA5, 0x5A]))
        try handle.close()
        bench.disk.fail(.write, suffix: Self.open, code: EIO)
        try put(bench, 3_000..<6_000)
        _ = try bench.store.takeBatch()
        let error = try #require(throws: FileSystemError.self) {
            try bench.store.replace(failed: nil, folders: bench.folders)
        }
        #expect(error.description.contains("does not have the bytes that were written to it"))
        #expect(bench.store.failure != nil)
    }

    /// The next sync detects files that were removed under the daemon, and their bytes are saved
    /// through the descriptor.
    @Test(arguments: [false, true])
    func aFileThatWasRemovedComesBack(withItsFolder: Bool) throws {
        let bench = try WritingBench()
        try put(bench, 0..<500)
        try bench.commit()
        let path = try #require(try bench.files().first { $0.hasSuffix(Self.open) })
        let gone = withItsFolder ? "events" : path
        try FileManager.default.removeItem(atPath: bench.folder.path + "/" + gone)
        try put(bench, 500..<600)
        var batch = try bench.store.takeBatch()
        let error = try #require(throws: FileSystemError.self) {
            try bench.committer.commit(&batch)
        }
        #expect(error.operation == .datasync && error.code == ENOENT)
        let replaced = try bench.store.replace(failed: error.path, folders: bench.folders)
        bench.store.settle(&batch, replaced: replaced)
        _ = try bench.committer.commit(&batch)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 1)
    }
}
