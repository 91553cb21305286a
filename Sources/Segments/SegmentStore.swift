import CPlatform
package import Compression
import Events

/// The open segments of one writer: finds an event's segment, deflates and writes what waits, and
/// hands over what is to be made durable.
///
/// The writer's thread only.
///
/// Per event a caller uses ``slot(for:)``, ``pendings`` and, when there is not enough room,
/// ``makeRoom(_:in:)``; everything else is per commit.
package final class SegmentStore {
    package struct Configuration: Sendable {
        package var node: String
        package var run: String
        /// Microseconds since 1970; the names of files carry no earlier time, though the clock be put
        /// back: ``Leftovers`` goes by it.
        package var startedAt: Int64 = 0
        /// The writer's number, in file names.
        package var writer: Int
        package var sources: [String]
        /// Numbers of the sources whose ids are written beside the segments.
        package var deduplicated: [Int] = []
        /// Of the key by which their events' contents are hashed.
        package var contentCheck: UInt64 = 0
        package var engine: Engine
        package var level: Int
        /// Open segments at a time, at least 1.
        package var openMax: Int
        /// Compressed bytes after which a segment is sealed.
        package var segmentBytesMax: Int
        package var ageMax: Duration
        package var idleMax: Duration
        /// Sealed files of one batch that keep their descriptors until the committer has them.
        package var sealsMax: Int
        /// Of what lies in quarantine, over all writers.
        package var quota = QuarantineQuota()

        /// Of ``sealsMax``, unless another one is given.
        package static let sealsMaxDefault = 1_024

        package init(
            node: String,
            run: String,
            writer: Int,
            sources: [String],
            engine: Engine,
            level: Int,
            openMax: Int = 256,
            segmentBytesMax: Int = 64 << 20,
            ageMax: Duration = .seconds(300),
            idleMax: Duration = .seconds(60),
            sealsMax: Int = sealsMaxDefault
        ) {
            self.node = node
            self.run = run
            self.writer = writer
            self.sources = sources
            self.engine = engine
            self.level = level
            self.openMax = openMax
            self.segmentBytesMax = segmentBytesMax
            self.ageMax = ageMax
            self.idleMax = idleMax
            self.sealsMax = sealsMax
        }
    }

    /// Raw bytes between two points from which a damaged file can be read on.
    static let fullFlushBytes = 1 << 20
    /// Raw bytes that wait before they are deflated, but for one long line.
    ///
    /// Memory is real only as far as lines have reached.
    static let pendingBytes = 32 << 10
    /// Compressed bytes after which the caller looks at the disk's room again.
    static let growthBytes: UInt64 = 1 << 20

    var configuration: Configuration
    let fileSystem: any FileSystem
    /// Called when the disk is full, with what failed; true: room was waited for, try again.
    let waitForRoom: (FileSystemError) -> Bool
    /// Called while much is deflated, written or synced: the caller is at work.
    let onProgress: () -> Void
    /// Told of a partition whose folder cannot be entered, and of the folder that is used instead.
    let onObstacle: (FileSystemError, String) -> Void
    /// Gives the last batch that is durable.
    let durable: () -> UInt64
    /// Called before the files together grow by another mebibyte.
    private let onGrowth: () -> Void
    /// ``compressedBytes`` at which it is called next.
    private var growthMark: UInt64 = 0
    /// Whether the process is to leave at once.
    let shouldLeave: () -> Bool
    /// By slot; as many as there were slots so far.
    var segments: [OpenSegment?] = []
    /// The partitions that have lines and no file yet, by slot.
    var waiting: [Int: WaitingPartition] = [:]
    /// The waiting lines of each open segment, by slot; there from the first to the last.
    package let pendings: UnsafeMutablePointer<PendingLines>
    /// The ids of each open segment, by slot; there as long as ``pendings``.
    package let identities: UnsafeMutablePointer<IdentityList>
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    /// Slot + 1 by key, direct-mapped; a miss looks in ``slots``.
    private let cache: UnsafeMutablePointer<(key: PartitionKey, slot: Int)>
    private static let cacheSize = 4_096
    var slots: [PartitionKey: Int] = [:]
    var free: [Int] = []
    var batch = CommitBatch()
    /// Batches taken so far; the number of the last one.
    package private(set) var batches: UInt64 = 0
    /// The last batch that is known to be durable.
    var durableBatch: UInt64 = 0
    /// Bytes held in memory because they are not durable yet.
    package internal(set) var heldBytes = 0
    /// What is left of sealed segments until they are durable.
    var sealed: [SealedRemains] = []
    /// Sealed paths of segments that a repair has moved and not yet told of: another one failed.
    var moved: Set<String> = []
    /// What first failed since the last ``repair(failed:folders:)``.
    package internal(set) var failure: FileSystemError?
    var fileNumber = 0
    /// Monotonic nanoseconds and wall microseconds, as last told by ``setTime(monotonic:wall:)``.
    private(set) var now: Int64 = 0
    private(set) var wallNow: Int64 = 0
    /// All raw and compressed bytes written by this store.
    package private(set) var rawBytes: UInt64 = 0
    package private(set) var compressedBytes: UInt64 = 0

    package init(
        _ configuration: Configuration,
        fileSystem: any FileSystem,
        waitForRoom: @escaping (FileSystemError) -> Bool,
        onProgress: @escaping () -> Void = {},
        onObstacle: @escaping (FileSystemError, String) -> Void = { _, _ in },
        durable: @escaping () -> UInt64 = { 0 },
        onGrowth: @escaping () -> Void = {},
        shouldLeave: @escaping () -> Bool = { false }
    ) {
        precondition(configuration.openMax >= 1, "a writer needs an open segment")
        self.configuration = configuration
        self.fileSystem = fileSystem
        self.waitForRoom = waitForRoom
        self.onProgress = onProgress
        self.onObstacle = onObstacle
        self.durable = durable
        self.onGrowth = onGrowth
        self.shouldLeave = shouldLeave
        pendings = .allocate(capacity: configuration.openMax + Self.waitingMax)
        identities = .allocate(capacity: configuration.openMax + Self.waitingMax)
        cache = .allocate(capacity: Self.cacheSize)
        cache.initialize(
            repeating: (PartitionKey(values: .max, place: .max), -1),
            count: Self.cacheSize
        )
    }

    deinit {
        for (at, segment) in segments.enumerated() {
            guard let segment else { continue }
            fileSystem.close(segment.file)
            pendings[at].free()
            identities[at].free()
        }
        for at in waiting.keys {
            pendings[at].free()
            identities[at].free()
        }
        pendings.deallocate()
        identities.deallocate()
        cache.deallocate()
        output.deallocate()
    }

    func countBatch() { batches += 1 }

    package var openCount: Int { slots.count - waiting.count }
    /// The slot of some open segment; nil when there is none.
    package var openSlot: Int? { slots.values.min() }
    /// Segments that were sealed and wait for the next batch.
    package var sealsWait: Int { batch.sealedCount }

    /// The slot of an open segment; -1 when there is none: ``open(_:router:)`` it.
    package func slot(for key: PartitionKey) -> Int {
        let slot = cachedSlot(for: key)
        return slot >= 0 ? slot : uncachedSlot(for: key)
    }

    private func cachePlace(_ key: PartitionKey) -> Int { key.tableHash & (Self.cacheSize - 1) }

    private func cachedSlot(for key: PartitionKey) -> Int {
        let at = cachePlace(key)
        return cache[at].key == key ? cache[at].slot : -1
    }

    @inline(never)
    private func uncachedSlot(for key: PartitionKey) -> Int {
        guard let slot = slots[key] else { return -1 }
        cache[cachePlace(key)] = (key, slot)
        return slot
    }

    /// Has the place come where ``slot(for:)`` looks.
    package func fetchSlot(_ key: PartitionKey) {
        cplatform_fetch(cache + cachePlace(key))
    }

    /// Has the segment's ``pendings`` come, if it is open; after ``fetchSlot(_:)``.
    package func fetchPending(_ key: PartitionKey) {
        let slot = cachedSlot(for: key)
        guard slot >= 0 else { return }
        let pending = UnsafeRawPointer(pendings + slot)
        cplatform_fetch(pending)
        cplatform_fetch(pending + 64)
    }

    /// Has the memory come where the segment's next line goes; after ``fetchPending(_:)``.
    package func fetchEnd(_ key: PartitionKey) {
        let slot = cachedSlot(for: key)
        guard slot >= 0 else { return }
        let pending = pendings + slot
        cplatform_fetch(pending.pointee.tallies.baseAddress)
        for line in 0..<4 { cplatform_fetch(pending.pointee.end + line * 64) }
    }

    func forget(_ key: PartitionKey) {
        slots[key] = nil
        let at = cachePlace(key)
        if cache[at].key == key { cache[at] = (PartitionKey(values: .max, place: .max), -1) }
    }

    /// Tells the time.
    ///
    /// Wall time is microseconds since 1970 UTC.
    package func setTime(monotonic: Int64, wall: Int64) {
        now = monotonic
        wallNow = wall
    }

    // MARK: - Writing

    /// Deflates what waits in a slot until `byteCount` bytes fit.
    package func makeRoom(_ byteCount: Int, in slot: Int) throws(FileSystemError) {
        if segments[slot] == nil { try openWaiting(slot) }
        guard let segment = segments[slot] else { preconditionFailure("no segment in the slot") }
        try deflate(segment, slot, dueFlush(segment, slot, atLeast: .none))
        pendings[slot].grow(to: byteCount)
    }

    /// A full flush when a mebibyte has gone by, else what the caller needs.
    private func dueFlush(_ segment: OpenSegment, _ slot: Int, atLeast flush: Flush) -> Flush {
        segment.rawSinceFullFlush + pendings[slot].bytes.count >= Self.fullFlushBytes
            ? .full : flush
    }

    func deflate(
        _ segment: OpenSegment,
        _ slot: Int,
        _ flush: Flush
    ) throws(FileSystemError) {
        var input = pendings[slot].bytes
        let (rawCount, before) = (input.count, segment.stream.compressedBytes)
        segment.rawSinceFullFlush = flush == .full ? 0 : segment.rawSinceFullFlush + input.count
        rawBytes += UInt64(input.count)
        if !input.isEmpty || flush == .finish { segment.isDirty = true }
        while true {
            let step = segment.stream.step(input, flush: flush, into: output)
            input = UnsafeRawBufferPointer(rebasing: input[step.consumed...])
            if step.produced > 0 {
                try write(
                    UnsafeRawBufferPointer(
                        rebasing: UnsafeRawBufferPointer(output)[..<step.produced]
                    ),
                    segment
                )
            }
            onProgress()
            if step.isComplete { break }
        }
        if flush == .full { segment.addCheckpoint() }
        pendings[slot].clear()
        if flush != .finish { pendings[slot].grow(to: Self.pendingBytes) }
        guard segment.key.isQuarantine else { return }
        configuration.quota.deflated(
            raw: rawCount,
            compressed: Int(segment.stream.compressedBytes - before)
        )
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer,
        _ segment: OpenSegment
    ) throws(FileSystemError) {
        segment.digest.update(bytes)
        segment.held.append(bytes)
        heldBytes += bytes.count
        compressedBytes += UInt64(bytes.count)
        if compressedBytes > growthMark {
            growthMark = compressedBytes + Self.growthBytes
            onGrowth()
        }
        if segment.isBroken { return }
        var rest = bytes
        while !rest.isEmpty {
            do throws(FileSystemError) {
                try fileSystem.write(rest, to: segment.file)
                return
            } catch {
                rest = UnsafeRawBufferPointer(rebasing: rest[error.written...])
                let named = FileSystemError(.write, segment.sealedPath, code: error.code)
                guard error.isFull else {
                    segment.isBroken = true
                    failure = failure ?? named
                    return
                }
                guard waitForRoom(named) else { throw named }
            }
        }
    }
}
