import Archive
import Compression
import Disk
import Events
import Storage

/// One writer with its committer, as the pipeline has them, driven step by step: the real store,
/// router and committer, and one commit under way at a time.
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
    }

    static let node = "c1"
    static let sources = ["reliable", "producers"]
    static let channels = ["web", "app", "a-b"]

    private let process: Process
    private let store: SegmentStore
    private let committer: SegmentCommitter
    private var router: PartitionRouter
    private var reader = PayloadReader(limits: PayloadLimits())
    private var view = EventView()
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

    init(_ process: Process, writer: Int, _ shape: Shape) {
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
        router = PartitionRouter(
            PartitionRouter.Configuration(
                template: shape.template,
                time: .received,
                valuesMax: 100,
                node: Self.node,
                sources: Self.sources
            )
        )
    }

    func setTime(monotonic: Int64, wall: Int64) {
        self.wall = wall
        store.setTime(monotonic: monotonic, wall: wall)
    }

    /// Files a payload of one event, or of bytes that cannot be one.
    func put(
        _ payload: [UInt8],
        source: Int,
        sequence: UInt64
    ) throws(FileSystemError) {
        let result = payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            _ = reader.next(&view)
            return Result { () throws(FileSystemError) in try file(source, sequence) }
        }
        try result.get()
    }

    private func file(_ source: Int, _ sequence: UInt64) throws(FileSystemError) {
        var splicer = EventSplicer(
            node: Self.node,
            source: Self.sources[source],
            run: process.run
        )
        guard let rejection = view.rejection else {
            let channel = router.channel(view.channel, receivedAt: wall)
            let key = router.key(
                channel: channel,
                event: view.name,
                source: source,
                receivedAt: wall,
                eventTime: nil
            )
            let slot = try slot(key)
            let resolved = ResolvedEvent(channel: view.channel)
            let need = splicer.bytesMax(for: view, as: resolved)
            if store.pendings[slot].room < need { try store.makeRoom(need, in: slot) }
            let end = store.pendings[slot].end
            let count = splicer.write(
                view,
                as: resolved,
                receivedAt: wall,
                sequence: sequence,
                to: end
            )
            let name = String(decoding: view.channel, as: UTF8.self)
            add(count, slot, source, sequence, "\(SegmentFormat.events)/channel=\(name)")
            return
        }
        let slot = try slot(router.quarantineKey(rejection, receivedAt: wall))
        let line = QuarantineRecord.line(
            view,
            rejection: rejection,
            splicer: &splicer,
            receivedAt: wall,
            sequence: sequence
        )
        if store.pendings[slot].room < line.count { try store.makeRoom(line.count, in: slot) }
        store.pendings[slot].end.update(from: line, count: line.count)
        let folder = "\(SegmentFormat.quarantine)/reason=\(rejection.rawValue)"
        add(line.count, slot, source, sequence, folder)
    }

    private func slot(_ key: PartitionKey) throws(FileSystemError) -> Int {
        let slot = store.slot(for: key)
        return slot >= 0 ? slot : try store.open(key, router: router)
    }

    private func add(
        _ count: Int,
        _ slot: Int,
        _ source: Int,
        _ sequence: UInt64,
        _ folder: String
    ) {
        let line = Array(UnsafeBufferPointer(start: store.pendings[slot].end, count: count - 1))
        store.pendings[slot].add(
            count,
            source: source,
            sequence: sequence,
            receivedAt: wall,
            eventTime: nil
        )
        waiting.append(process.ledger.note(line, folder: folder))
    }

    /// Deflates what waits in a segment, as a full buffer does.
    func makeRoom() throws(FileSystemError) {
        let payload = Array(#"{"channel":"\#(Self.channels[0])"}"#.utf8)
        let slot = payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            _ = reader.next(&view)
            let channel = router.channel(view.channel, receivedAt: wall)
            let key = router.key(
                channel: channel,
                event: view.name,
                source: 0,
                receivedAt: wall,
                eventTime: nil
            )
            return store.slot(for: key)
        }
        if slot >= 0 { try store.makeRoom(1, in: slot) }
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
        try store.sealDue(router: router)
    }
}
