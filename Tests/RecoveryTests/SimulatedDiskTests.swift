import Disk
import Glibc
import Simulation
import TestSupport
import Testing

/// The guarantees of the simulated disk, and their limits.
@Suite struct SimulatedDiskTests {
    private static let seeds = UInt64(1)...20

    /// Checks the state after a power cut, for every rule and some seeds.
    private func cuts(_ disk: SimulatedDisk, _ check: ([String: [UInt8]], PowerCut) -> Void) {
        for cut in PowerCut.all {
            for seed in Self.seeds {
                var random = SeededGenerator(seed: seed)
                check(disk.state.afterPowerCut(cut, using: &random).contents, cut)
            }
        }
    }

    private func file(
        _ disk: SimulatedDisk,
        at path: String,
        bytes: [UInt8]
    ) throws -> FileHandle {
        let file = try disk.open(path, .createNew)
        try disk.write(bytes, to: file)
        return file
    }

    @Test func whatIsSyncedSurvivesEveryCut() throws {
        let disk = SimulatedDisk()
        _ = try disk.createFolder("a")
        try disk.syncFolder("")
        let bytes = [UInt8](repeating: 7, count: 3_000)
        let file = try file(disk, at: "a/b", bytes: bytes)
        try disk.datasync(file)
        try disk.syncFolder("a")
        cuts(disk) { files, cut in #expect(files == ["a/b": bytes], "\(cut)") }
        try disk.write([8], to: file)
        cuts(disk) { files, cut in #expect(files["a/b"]?.starts(with: bytes) == true, "\(cut)") }
    }

    @Test func aFileWhoseNameIsNotSyncedCanBeGoneAndCanBeEmpty() throws {
        let disk = SimulatedDisk()
        let file = try file(disk, at: "a", bytes: [1, 2, 3])
        var seen: Set<[UInt8]?> = []
        cuts(disk) { files, _ in seen.insert(files["a"]) }
        #expect(seen.isSuperset(of: [nil, [], [0, 0, 0], [1, 2, 3]]))
        try disk.datasync(file)
        seen = []
        cuts(disk) { files, _ in seen.insert(files["a"]) }
        #expect(seen == [nil, [1, 2, 3]])
    }

    @Test func aFolderWhoseNameIsNotSyncedTakesItsFilesAlong() throws {
        let disk = SimulatedDisk()
        _ = try disk.createFolder("a")
        try disk.datasync(try file(disk, at: "a/b", bytes: [1]))
        try disk.syncFolder("a")
        var seen: Set<[String]> = []
        cuts(disk) { files, _ in seen.insert(files.keys.sorted()) }
        #expect(seen == [[], ["a/b"]])
    }

    @Test func aRenameIsLostOrDoneOrLeavesBothNames() throws {
        let disk = SimulatedDisk()
        try disk.datasync(try file(disk, at: "a", bytes: [1]))
        try disk.syncFolder("")
        try disk.rename("a", to: "b")
        var seen: Set<[String]> = []
        cuts(disk) { files, cut in
            seen.insert(files.keys.sorted())
            #expect(files.values.allSatisfy { $0 == [1] })
            if cut.names != .anyWithBothNames { #expect(files.count == 1) }
        }
        #expect(seen == [["a"], ["b"], ["a", "b"]])
        try disk.syncFolder("")
        cuts(disk) { files, _ in #expect(files.keys.sorted() == ["b"]) }
    }

    @Test func writesAreTornAtSectorsAndReordered() throws {
        let disk = SimulatedDisk()
        let file = try file(disk, at: "a", bytes: [])
        try disk.syncFolder("")
        try disk.write([UInt8](repeating: 1, count: 700), to: file)
        try disk.write([UInt8](repeating: 2, count: 700), to: file)
        var isTorn = false
        var isReordered = false
        cuts(disk) { files, cut in
            let bytes = files["a"] ?? []
            // A sector holds the bytes that were written there, or nothing, except for stale bytes.
            let isWhole = bytes.enumerated().allSatisfy { index, byte in
                byte == 0 || byte == (index < 700 ? 1 : 2)
            }
            if cut.sectors != .stale { #expect(isWhole, "\(cut)") }
            isTorn = isTorn || bytes.count == 512
            isReordered = isReordered || bytes.first == 0 && bytes.last == 2
        }
        #expect(isTorn && isReordered)
    }

    @Test func aFailedSyncDropsThePagesAndTheNextOneSaysYes() throws {
        let disk = SimulatedDisk()
        let file = try file(disk, at: "a", bytes: [1])
        try disk.datasync(file)
        try disk.syncFolder("")
        try disk.write([2], to: file)
        disk.fault = .init(call: disk.calls, code: EIO, isForEver: false)
        #expect(throws: FileSystemError.self) { try disk.datasync(file) }
        try disk.datasync(file)
        #expect(disk.state.contents["a"] == [1, 2], "reads still show it")
        cuts(disk) { files, _ in #expect(files["a"] == [1]) }
    }

    @Test func aStoppedDiskDoesNothingMore() throws {
        let disk = SimulatedDisk()
        let file = try file(disk, at: "a", bytes: [1])
        disk.changesLeft = 1
        try disk.write([2], to: file)
        #expect(throws: FileSystemError.self) { try disk.write([3], to: file) }
        #expect(throws: FileSystemError.self) { try disk.list("") }
        #expect(disk.state.contents["a"] == [1, 2])
    }

    @Test func anErrorStrikesOnceOrForEver() throws {
        for isForEver in [false, true] {
            let disk = SimulatedDisk()
            let file = try file(disk, at: "a", bytes: [1])
            disk.fault = .init(call: disk.calls, code: ENOSPC, isForEver: isForEver, taken: 2)
            do {
                try disk.write([2, 3, 4], to: file)
                Issue.record("nothing was thrown")
            } catch {
                #expect(error.isFull && error.written == 2)
            }
            #expect(disk.state.contents["a"] == [1, 2, 3])
            let isRefused = (try? disk.write([4], to: file)) == nil
            #expect(isRefused == isForEver)
        }
    }

    @Test func aSeedAlwaysGivesTheSameLife() {
        let first = CrashExplorer(seed: 13)
        let second = CrashExplorer(seed: 13)
        first.run()
        second.run()
        #expect(first.violation == nil && second.violation == nil)
        #expect(first.counts == second.counts && first.counts.points > 20)
    }

    @Test func aWeakenedDiskIsFound() {
        let explorer = CrashExplorer(seed: 1, weakening: .datasyncDoesNothing)
        explorer.run()
        #expect(explorer.violation != nil)
    }
}
