import Archive
import Disk
import Glibc
import Inspection
import Recovery
import SegmentSupport
import Simulation
import Synchronization
import TestSupport
import Testing

/// Recoveries that are interrupted, meet errors, and must not trust content in memory.
@Suite struct RecoveryAgainTests {
    private let openPath = SegmentSample.openPath
    private let sealedPath = SegmentSample.path

    private func disk(_ files: [String: [UInt8]]) -> SimulatedDisk {
        let disk = SimulatedDisk()
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            disk.state.put(bytes, at: path)
        }
        return disk
    }

    private func sealedLines(_ disk: SimulatedDisk) -> [String]? {
        disk.state.contents[sealedPath].flatMap(inflatedLines)
    }

    @Test func whatAnEarlierRunCouldNotSyncIsOnTheDiskAfterwards() throws {
        let sample = try SegmentSample.open(events: 12, every: 3)
        let disk = disk([openPath: Array(sample.bytes[..<sample.commits[1].offset])])
        let file = try disk.open(openPath, .append)
        try disk.write(Array(sample.bytes[sample.commits[1].offset...]), to: file)
        disk.fault = .init(call: disk.calls, code: EIO, isForEver: false)
        #expect(throws: FileSystemError.self) { try disk.datasync(file) }

        #expect(try disk.recovery().run().events == 12)
        for cut in PowerCut.all {
            var random = SeededGenerator(seed: 3)
            let after = SimulatedDisk(disk.state.afterPowerCut(cut, using: &random))
            _ = try after.recovery().run()
            #expect(sealedLines(after) == sample.lines, "\(cut)")
        }
    }

    @Test func anOpenFileBesideItsSealedOneGoesWithoutAnAlarm() throws {
        let sample = try SegmentSample.open(events: 12, every: 3)
        let whole = disk([openPath: sample.bytes])
        _ = try whole.recovery().run()
        let sealed = try #require(whole.state.contents[sealedPath])
        // The file as it was, and an older state that a power cut restores.
        for bytes in [sample.bytes, Array(sample.bytes[..<sample.commits[1].offset]), []] {
            let disk = disk([openPath: bytes, sealedPath: sealed])
            let report = try disk.recovery().run()
            #expect(!report.hasDamage && report.entriesAdded == [sealedPath])
            #expect(sealedLines(disk) == sample.lines)
            #expect(disk.state.contents[openPath] == nil)
        }
    }

    @Test func anOpenFileWithOtherContentThanItsSealedOneIsKeptAside() throws {
        let sample = try SegmentSample.open(events: 12, every: 3)
        let other = try SegmentSample.sealed(events: 5, from: 100)
        let disk = disk([openPath: sample.bytes, sealedPath: other.bytes])
        let report = try disk.recovery().run()
        let aside = Layout.damagedPath(forSealed: sealedPath)
        #expect(report.files.map(\.outcome) == [.damaged(keptAside: aside)])
        #expect(disk.state.contents[aside] == sample.bytes)
        #expect(disk.state.contents[sealedPath] == other.bytes)
    }

    @Test(arguments: [EIO, ENOSPC, EROFS, EMFILE], [false, true])
    func anErrorAtAnyCallLeavesTheFileAndTheNextRunEndsIt(code: Int32, isForEver: Bool) throws {
        let sample = try SegmentSample.open(events: 12, every: 3)
        let reference = disk([openPath: sample.bytes])
        _ = try reference.recovery().run()
        var struck = 0
        for call in 0..<reference.calls {
            let disk = disk([openPath: sample.bytes])
            disk.fault = .init(call: call, code: code, isForEver: isForEver, taken: 5)
            var files: [RecoveryReport.File] = []
            _ = try? disk.recovery().run(onFile: { files.append($0) })
            #expect(disk.hasFailed, "call \(call)")
            for file in files {
                guard case .failed(let why) = file.outcome else { continue }
                struck += 1
                #expect(why.contains(":") && file.events == 0)
                #expect(disk.state.contents[openPath] == sample.bytes, "call \(call)")
            }
            disk.fault = nil
            _ = try disk.recovery().run()
            #expect(sealedLines(disk) == sample.lines, "call \(call)")
            #expect(disk.state.contents[openPath] == nil, "call \(call)")
            #expect(disk.openFiles == 0, "call \(call)")
        }
        #expect(struck > 10)
    }

    @Test func aFullDiskIsWaitedFor() throws {
        let sample = try SegmentSample.open(events: 12, every: 3)
        let disk = disk([openPath: sample.bytes])
        let reference = disk.state
        let waits = Mutex(0)
        let counting = SimulatedDisk(reference)
        _ = try counting.recovery().run()
        for call in 0..<counting.calls {
            let disk = SimulatedDisk(reference)
            disk.fault = .init(call: call, code: ENOSPC, isForEver: false)
            let recovery = disk.recovery(waitForRoom: { error in
                waits.withLock { $0 += 1 }
                return error.isFull
            })
            guard let report = try? recovery.run(), report.events == 12 else { continue }
            #expect(sealedLines(disk) == sample.lines, "call \(call)")
        }
        #expect(waits.withLock { $0 } > 5)
    }

    @Test func manyFilesAreDoneSomeAtATime() throws {
        var files: [String: [UInt8]] = [:]
        for number in 0..<100 {
            let path =
                "events/channel=c\(number % 3)/part-c1-0-20261122T100000.000Z-\(number).ndjson.gz"
            let sample = try SegmentSample.open(events: 6, every: 3, from: 1 + number * 10)
            files[Layout.openPath(forSealed: path)] = sample.bytes
        }
        let disk = disk(files)
        var done: [Int] = []
        var told = 0
        let report = try disk.recovery().run { progress in
            done.append(progress.filesDone)
            #expect(progress.filesTotal == 100 && disk.openFiles <= 33)
        } onFile: { _ in
            told += 1
        }
        #expect(report.files.count == 100 && report.events == 600 && told == 100)
        #expect(done == done.sorted() && done.last == 100)
        #expect(try Verify.run(disk).findings == [])
    }

    @Test func givenFilesAreRecoveredAndOthersLeftAlone() throws {
        let sample = try SegmentSample.open(events: 6, every: 3)
        let disk = disk([openPath: sample.bytes])
        let leftovers = try Leftovers(disk)
        let own = "events/channel=web/part-c1-0-20261122T100000.000Z-5.ndjson.gz"
        disk.state.put(sample.bytes, at: Layout.openPath(forSealed: own))
        #expect(try disk.recovery().run(leftovers).events == 6)
        #expect(disk.state.contents[Layout.openPath(forSealed: own)] == sample.bytes)
    }
}
