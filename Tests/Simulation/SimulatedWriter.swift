import Archive
import Compression
import Dedup
import Disk
import Events
import Filing
import FilingSupport
import Intake
import Storage

/// One writer with its committer, as in the pipeline, driven step by step: the real stage and
/// committer, and at most one commit in progress.
final class SimulatedWriter {
    /// The parts of its process that a step may need.
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

    /// A segment's lines are deflated when there are so many bytes of them: one to three lines.
    private static let pendingBytes = 400

    private let process: Process
    private let store: SegmentStore
    private let committer: SegmentCommitter
    private let rig: FilingRig
    private var expected: ExpectedLines
    private var wall: Int64 = 0
    /// Numbers of events that wait for the next commit, and of those whose commit is in progress.
    private var waiting: [Int] = []
    private var underWay: (batch: CommitBatch, number: CommitNumber, events: [Int])?
    private let patience = Patience()

    /// Counts how often the process waits after an error before it gives up.
    private final class Patience: @unchecked Sendable {
        private var left = 4

        func wait() -> Bool {
            left -= 1
            return left >= 0
        }
    }

    /// The properties that differ between lives.
    struct Shape {
        var template: PartitionTemplate
        var openMax: Int
        var bytesMax: Int
        var sealsMax: Int
    }

    init(_ process: Process, writer: Int, _ shape: Shape) throws {
        self.process = process
        let patience = self.patience
        var configuration = SegmentStore.Configuration(
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
        )
        configuration.pendingBytes = Self.pendingBytes
        store = SegmentStore(
            configuration,
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
                window: process.window,
                producers: ProducerBook(sources: Self.sources.count)
            ),
            ringBytes: 64 << 10
        )
    }

    func setTime(monotonic: Int64, wall: Int64) {
        self.wall = wall
        rig.setTime(monotonic: monotonic, wall: wall)
    }

    /// Files a payload of one event, or of bytes that cannot be one; `sequence` is its future
    /// number.
    func put(
        _ payload: [UInt8],
        source: Int,
        sequence: UInt64
    ) throws(FileSystemError) {
        try rig.put(payload, source: source)
        let line = expected.line(payload, source: source, receivedAt: wall, sequence: sequence)
        waiting.append(process.ledger.note(line.bytes, folder: line.folder))
    }

    /// Begins a commit, or ends the one in progress.
    func commitStep() throws(FileSystemError) {
        if underWay != nil { return try endCommit() }
        if waiting.isEmpty && store.sealsWait == 0 { return }
        var batch = try store.takeBatch()
        if store.failure != nil { try replaceSegments(failed: nil, in: &batch) }
        if process.weakening == .acknowledgesBeforeCommit { process.ledger.acknowledge(waiting) }
        underWay = (batch, store.lastCommit, waiting)
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

    /// Moves bytes that the disk failed to write to new files, as a writer does; the process gives
    /// up if that fails several times too.
    private func replaceSegments(
        failed: String?,
        in batch: inout CommitBatch
    ) throws(FileSystemError) {
        while true {
            do throws(FileSystemError) {
                let moved = try store.replace(failed: failed, folders: process.folders)
                store.settle(&batch, replaced: moved)
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
