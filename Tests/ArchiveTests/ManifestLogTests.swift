import Foundation
import Glibc
import SegmentSupport
import TestSupport
import Testing

@testable import Archive
@testable import Disk

@Suite struct ManifestLogTests {
    private func entry(
        _ number: Int,
        sealedAt: String = "2025-11-22T10:00:00.000000Z"
    ) -> ManifestEntry {
        ManifestEntry(
            path: "events/a \"\\/ü/part-\(number).ndjson.gz",
            node: "c1",
            run: "r1",
            reason: .size,
            events: number,
            rawBytes: 1,
            compressedBytes: 2,
            crc32: "00000000",
            sha256: "00",
            firstReceivedAt: nil,
            lastReceivedAt: "x",
            firstEventTime: nil,
            lastEventTime: nil,
            sequences: [
                ManifestEntry.Sequence(source: "s", run: "r", events: 1, first: 0, last: .max)
            ],
            sealedAt: sealedAt
        )
    }

    private func read(
        _ folder: TemporaryFolder,
        day: String = "2025-11-22"
    ) throws -> [ManifestEntry] {
        let url = URL(fileURLWithPath: "\(folder.path)/manifest/date=\(day)/c1.ndjson")
        return try Data(contentsOf: url).split(separator: 0x0A).compactMap {
            try? JSONDecoder().decode(ManifestEntry.self, from: $0)
        }
    }

    private func log(_ disk: FaultyDisk) -> ManifestLog {
        ManifestLog(fileSystem: disk, folders: DurableFolders(fileSystem: disk), node: "c1")
    }

    @Test func linesComeBackAndGoToTheDayTheyWereSealed() throws {
        let folder = try TemporaryFolder()
        let log = log(try FaultyDisk(directory: folder.path))
        let entries = [entry(1), entry(2), entry(3, sealedAt: "2025-11-23T00:00:00.000000Z")]
        for entry in entries { try log.append(entry) }
        #expect(try read(folder) == Array(entries[..<2]))
        #expect(try read(folder, day: "2025-11-23") == [entries[2]])
    }

    @Test func aTornLineCostsNoOther() throws {
        let folder = try TemporaryFolder()
        let disk = try FaultyDisk(directory: folder.path)
        let log = log(disk)
        try log.append(entry(1))
        disk.fail(.write, suffix: "c1.ndjson", code: ENOSPC, taken: 20)
        #expect(throws: FileSystemError.self) { try log.append(entry(2)) }
        try log.append(entry(3))
        try log.append(entry(4))
        #expect(try read(folder) == [entry(1), entry(3), entry(4)])
    }

    /// The folder's sync fails after a new manifest was made: it has its first line once.
    @Test func aNewManifestHasItsFirstLineOnce() throws {
        let folder = try TemporaryFolder()
        let disk = try FaultyDisk(directory: folder.path)
        let log = log(disk)
        disk.fail(.syncFolder, suffix: "date=2025-11-22", code: EIO, times: 2)
        for _ in 0..<2 { #expect(throws: FileSystemError.self) { try log.append(entry(1)) } }
        try log.append(entry(1))
        try log.append(entry(2))
        #expect(try read(folder) == [entry(1), entry(2)])
    }

    @Test func aLineThatLacksOnlyItsLineFeedIsNotThereTwice() throws {
        let folder = try TemporaryFolder()
        let disk = try FaultyDisk(directory: folder.path)
        let log = log(disk)
        try log.append(entry(1))
        disk.fail(.write, suffix: "c1.ndjson", code: ENOSPC, taken: .max)
        #expect(throws: FileSystemError.self) { try log.append(entry(2)) }
        try log.append(entry(2))
        #expect(try read(folder) == [entry(1), entry(2)])
    }

    /// Lines of one write that is cut anywhere, after a line that was cut before or not.
    @Test(arguments: [false, true])
    func linesOfACutWriteAreThereOnce(isBehindTornLine: Bool) throws {
        let several = (2...4).map { entry($0) }
        for taken in 1...several.flatMap(ManifestLine.bytes).count {
            let folder = try TemporaryFolder()
            let disk = try FaultyDisk(directory: folder.path)
            let log = log(disk)
            try log.append(entry(1))
            if isBehindTornLine {
                disk.fail(.write, suffix: "c1.ndjson", code: ENOSPC, taken: 20)
                #expect(throws: FileSystemError.self) { try log.append(entry(9)) }
            }
            disk.fail(.write, suffix: "c1.ndjson", code: ENOSPC, taken: taken)
            #expect(throws: FileSystemError.self) { try log.append(several) }
            try log.append(several)
            try log.append(entry(5))
            #expect(try read(folder) == (1...5).map { entry($0) }, "cut at \(taken)")
        }
    }

    @Test(arguments: 0..<6)
    func aLineIsThereOnceWhicheverSyncOfAFolderFails(after: Int) throws {
        let folder = try TemporaryFolder()
        let disk = try FaultyDisk(directory: folder.path)
        let log = log(disk)
        disk.fail(.syncFolder, code: EIO, after: after)
        for number in 1...3 {
            while (try? log.append(entry(number))) == nil {}
        }
        #expect(try read(folder) == [entry(1), entry(2), entry(3)])
    }

    /// A manifest whose sync failed is rewritten: its own pages may be gone.
    @Test func aFailedSyncIsFollowedByANewFile() throws {
        let folder = try TemporaryFolder()
        let disk = try FaultyDisk(directory: folder.path)
        let log = log(disk)
        try log.append(entry(1))
        disk.fail(.datasync, suffix: "c1.ndjson", code: EIO, times: 1)
        #expect(throws: FileSystemError.self) { try log.append(entry(2)) }
        let copy = "c1.ndjson\(SegmentFormat.copySuffix)"
        disk.fail(.datasync, suffix: copy, code: EIO)
        disk.clearLog()
        #expect(throws: FileSystemError.self) { try log.append(entry(2)) }
        try log.append(entry(2))
        #expect(!disk.log.contains { $0.hasPrefix("datasync") && !$0.hasSuffix(copy) })
        try log.append(entry(3))
        #expect(try read(folder) == [entry(1), entry(2), entry(3)])
        #expect(try disk.list("manifest/date=2025-11-22").map(\.name) == ["c1.ndjson"])
    }

    @Test(arguments: [FileSystemError.Operation.syncFolder, .createFolder, .open, .write])
    func everyStepCanBeTriedAgain(operation: FileSystemError.Operation) throws {
        for after in 0..<4 {
            let folder = try TemporaryFolder()
            let disk = try FaultyDisk(directory: folder.path)
            let log = log(disk)
            disk.fail(operation, code: EIO, after: after)
            for number in 1...3 {
                do { try log.append(entry(number)) } catch { try log.append(entry(number)) }
            }
            let events = try read(folder).map(\.events)
            #expect(events == [1, 2, 3], "\(operation) \(after)")
            // The name is durable before the first line may be.
            let named = try #require(
                disk.log.lastIndex { $0.hasPrefix("syncFolder manifest/date") }
            )
            let line = try #require(disk.log.lastIndex { $0.hasPrefix("datasync manifest") })
            #expect(named < line)
        }
    }

    @Test func threadsDoNotTearEachOthersLines() async throws {
        let folder = try TemporaryFolder()
        let log = log(try FaultyDisk(directory: folder.path))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                let entries = (0..<20).map { entry(writer * 100 + $0) }
                group.addTask { for entry in entries { try log.append(entry) } }
            }
            try await group.waitForAll()
        }
        let numbers = try read(folder).map(\.events).sorted()
        var expected: [Int] = []
        for writer in 0..<8 { for number in 0..<20 { expected.append(writer * 100 + number) } }
        #expect(numbers == expected)
    }
}
