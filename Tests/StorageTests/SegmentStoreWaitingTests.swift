import Glibc
import SegmentSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Storage

/// More partitions than may have open files.
@Suite struct SegmentStoreWaitingTests {
    private static let partitions = 900

    /// Returns the number of files of one commit.
    private func commit(_ bench: WritingBench) throws -> Int {
        let before = try bench.manifest().count
        try bench.commit()
        return try bench.manifest().count - before + bench.store.openCount
    }

    @Test func aPartitionGetsOneFileACommitWhateverTheOrder() throws {
        let bench = try WritingBench(openMax: 4, opensAtOnce: false)
        for round in 0..<6 {
            for number in 0..<Self.partitions {
                let channel = (number * 7 + round) % Self.partitions
                try bench.put(#"{"n":\#(round)}"#, channel: "c\(channel)")
            }
        }
        #expect(bench.store.openCount == 4 && bench.disk.opened == 4)
        #expect(try commit(bench) == Self.partitions)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        let entries = try bench.manifest()
        #expect(entries.map(\.events).reduce(0, +) == 6 * Self.partitions)
        #expect(entries.allSatisfy { $0.events == 6 } && bench.disk.opened == 0)
    }

    @Test func whoHasMuchToWaitGetsItsFileBefore() throws {
        let bench = try WritingBench(openMax: 2, opensAtOnce: false)
        let long = String(repeating: "x", count: SegmentStore.waitingBytes / 4)
        for _ in 0..<8 {
            for channel in ["a", "b", "c"] {
                try bench.put(#"{"text":"\#(long)"}"#, channel: channel)
            }
        }
        #expect(bench.store.sealsWait > 0)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.manifest().map(\.events).reduce(0, +) == 24)
    }

    @Test(arguments: [SegmentStore.leavingMax, SegmentStore.leavingMax + 40])
    func manyAreLeftBehindWhenTheProcessIsToLeave(count: Int) throws {
        let bench = try WritingBench(openMax: 1, opensAtOnce: false, shouldLeave: { true })
        for number in 0...count { try bench.put("{}", channel: "c\(number)") }
        if count > SegmentStore.leavingMax {
            #expect(throws: FileSystemError.self) { try bench.commit() }
        } else {
            try bench.commit()
            #expect(bench.store.openCount == 1)
        }
    }
}
