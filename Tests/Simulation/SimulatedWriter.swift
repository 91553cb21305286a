import Compression
import Dedup
import Events
import Filing
import FilingSupport
import Segments

/// One writer with its committer, as the pipeline has them, driven step by step: the real stage and
/// committer, and one commit under way at a time.
final class SimulatedWriter {
    /// What a step may need to know of the process it is in.
    struct Process {
        var disk: SimulatedDisk
        var folders: DurableFolders
        var manifest: ManifestLog
        var ledger: EventLedger
        var run: String
        var engine: Engine
        var weakening: Weakening?
        /// Numbers the events of each source, over all writers.
        var sequences: SourceSequences
        var window: IdentityWindow
    }

    static let node = "c1"
    static let sources = ["reliable", "producers"]
    static let channels = ["web", "app", "a-b"]

    private let process: Process
    private let store: SegmentStore
    private let committer: SegmentCommitter
    private let rig: FilingRig
    private var expected: ExpectedLines
    private var wall: Int64 = 0
    /// Numbers of events that wait for the next commit, and of those whose commit is under way.
    private var waiting: [Int] = []
    private var underWay: (batch: CommitBatch, number: UInt64, events: [Int])?
    private let patience = Patience()

    /// How often an error is waited for before the process gives up.
    private final class Patience: @unchecked Sendable {
        private var left = 4

        func wait() -> Bool {
            left -= 1
            return left >= 0
        }
    }

    /// What differs from life to life.
    struct Shape {
        var template: PartitionTemplate
        var openMax: Int
        var bytesMax: Int
        var sealsMax: Int
    }

    init(_ process: Process, writer: Int, _ shape: Shape) throws {
        self.process = process
        let patience = self.patience
        store = SegmentStore(
            SegmentStore.Configuration(
                node: Self.node,
                run: process.run,
                writer: writer,
                sources: Self.sources,
                engine: process.engine,
                level: 1,
                openMax: shape.openMax,
                segmentBytesMax: shape.bytesMax,
                ageMax: .seconds(300),
                idleMax: .seconds(60),
                sealsMax: shape.sealsMax
            ),
            fileSystem: process.disk,
            waitForRoom: { _ in patience.wait() }
        )
        committer = SegmentCommitter(
            fileSystem: process.disk,
            folders: process.folders,
            manifest: process.manifest,
            waitForRoom: { _ in patience.wait() }
        )
        expected = ExpectedLines(node: Self.node, sources: Self.sources, run: process.run)
        rig = try FilingRig(
            FilingConfiguration(
                node: Self.node,
                run: process.run,
                writer: writer,
                sources: Self.sources.map { FilingConfiguration.Source(name: $0) },
                router: PartitionRouter.Configuration(
                    template: shape.template,
                    time: .received,
                    valuesMax: 100,
                    node: Self.node,
                    sources: Self.sources
                )
            ),
            FilingPartners(
                store: store,
                quota: QuarantineQuota(),
                sequences: process.sequences,
                window: process.window
            ),
            ringBytes: 64 << 10
        )
    }

    func setTime(monotonic: Int64, wall: Int64) {
        self.wall = wall
        rig.setTime(monotonic: monotonic, wall: wall)
    }

    /// Files a payload of one event, or of bytes that cannot be one; `sequence` is the number that it will
    /// get.
    func put(
        _ payload: [UInt8],
        source: Int,
        sequence: UInt64
    ) throws(FileSystemError) {
        try rig.put(payload, source: source)
        let line = expected.line(payload, source: source, receivedAt: wall, sequence: sequence)
        waiting.append(process.ledger.note(line.bytes, folder: line.folder))
    }

    /// Deflates what waits in a segment, as a full buffer does.
    func makeRoom() throws(FileSystemError) {
        guard let slot = store.openSlot else { return }
        try store.makeRoom(1, in: slot)
    }

    /// Begins a commit, or ends the one that is under way.
    func commitStep() throws(FileSystemError) {
        if underWay != nil { return try endCommit() }
        if waiting.isEmpty && store.sealsWait == 0 { return }
        var batch = try store.takeBatch()
        if store.failure != nil { try replaceSegments(failed: nil, in: &batch) }
        if process.weakening == .acknowledgesBeforeCommit { process.ledger.acknowledge(waiting) }
        underWay = (batch, store.batches, waiting)
        waiting = []
    }

    private func endCommit() throws(FileSystemError) {
        guard let (begun, number, events) = underWay else { return }
        var batch = begun
        do throws(FileSystemError) {
            _ = try committer.commit(&batch)
        } catch {
            try replaceSegments(failed: error.path, in: &batch)
            underWay = (batch, number, events)
            return
        }
        process.ledger.acknowledge(events)
        store.forgetHeld(durable: number)
        underWay = nil
    }

    /// Moves what the disk has failed to new files, as a writer does; the process gives up when that
    /// fails as well, several times.
    private func replaceSegments(
        failed: String?,
        in batch: inout CommitBatch
    ) throws(FileSystemError) {
        while true {
            do throws(FileSystemError) {
                let moved = try store.repair(failed: failed, folders: process.folders)
                store.mend(&batch, moved: moved)
                return
            } catch {
                guard patience.wait() else { throw error }
            }
        }
    }

    func seal(prefix: String) throws(FileSystemError) {
        _ = try store.seal(prefix: prefix)
    }

    func sealDue() throws(FileSystemError) {
        try rig.stage.sealDue()
    }
}
