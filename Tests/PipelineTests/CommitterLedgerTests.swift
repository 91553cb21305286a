import Agents
import Dedup
import Filing
import Intake
import Ring
import SegmentSupport
import Synchronization
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Pipeline
@testable import Storage

/// A commit whose two counts of events differ is reported, and remains counted.
@Suite struct CommitterLedgerTests {
    /// Commits one event by the writer's count and `lines` by the files'; returns the notices.
    private func mismatches(lines: Int) throws -> (told: Int, kept: Int) {
        let folder = try TemporaryFolder(prefix: "committer-ledger")
        let disk = try FaultyDisk(directory: folder.path)
        let places = [try SourceShared()]
        let storage = StorageState(places: places) { _ in }
        let folders = DurableFolders(fileSystem: disk)
        let data = DataFolder(
            fileSystem: disk,
            folders: folders,
            manifest: ManifestLog(fileSystem: disk, folders: folders, node: "t1"),
            reserve: DiskReserve(fileSystem: disk),
            space: SpaceWatch(disk, storage, minimum: 0),
            quota: QuarantineQuota()
        )
        let shared = WriterShared()
        shared.numbers.withLock { $0.ledgers.arrive(0, 1) }
        let notices = PipelineRig.Notices()
        var committer = Committer(
            writer: 0,
            shared: shared,
            producers: ProducerBook(sources: 1),
            storage: storage,
            segments: data.committer(waitForRoom: { _ in false }, onProgress: {}),
            room: data.room(
                for: .committer(0),
                storage: storage,
                heartbeat: shared.committerHeartbeat,
                shared: shared
            ),
            places: places,
            peers: [shared],
            fileSystem: disk,
            answers: [try RingBuffer(capacity: 4 << 10)],
            notify: { notices.add($0) }
        )
        var files = CommitBatch()
        files.lines = lines
        var tally = CommitTally()
        tally.accepted = 1
        shared.hand(
            over: CommitJob(
                number: 1,
                files: files,
                answers: [],
                tallies: [ProducerTally(producer: 0, tally: tally)],
                begunAt: 0,
                waiters: [],
                isLast: true
            )
        )
        AgentRunner.run(&committer, shared.committerHeartbeat)
        let told = notices.all.count { if case .ledgerMismatch = $0 { true } else { false } }
        return (told, shared.numbers.withLock { $0.mismatches })
    }

    @Test func equalCountsAreFine() throws {
        #expect(try mismatches(lines: 1) == (0, 0))
    }

    @Test(arguments: [0, 2]) func differentCountsAreTold(lines: Int) throws {
        #expect(try mismatches(lines: lines) == (1, 1))
    }
}
