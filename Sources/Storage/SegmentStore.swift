package import Archive
package import Compression
package import Dedup
import Digest
package import Disk
import Events
import Platform

/// The open segments of one writer: finds an event's segment, deflates and writes pending lines,
/// and hands over data to be made durable.
///
/// Only the writer's thread uses it.
///
/// Per event a caller uses ``slot(for:)``, ``pendings`` and, without enough space,
/// ``makeRoom(_:in:)``; everything else is per commit.
package final class SegmentStore {
    package struct Configuration: Sendable {
        package var node: String
        package var run: String
        /// Microseconds since 1970; file names have no earlier time, even if the clock is set back:
        /// ``Leftovers`` relies on it.
        package var startedAt: Int64 = 0
        /// The writer's number, in file names.
        package var writer: Int
        package var sources: [String]
        /// Numbers of the sources whose ids are written beside the segments.
        package var deduplicated: [Int] = []
        /// The check of the key by which their events' contents are hashed.
        package var contentCheck: UInt64 = 0
        package var engine: Engine
        package var level: Int
        /// The most open segments, at least 1.
        package var openMax: Int
        /// Compressed bytes after which a segment is sealed.
        package var segmentBytesMax: Int
        package var ageMax: Duration
        package var idleMax: Duration
        /// Sealed files of one batch that keep their descriptors until the committer has them.
        package var sealsMax: Int
        /// The quota of quarantine, shared by all writers.
        package var quota = QuarantineQuota()

        /// The default of ``sealsMax``.
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

    /// The most raw bytes that wait for compression, except for one long line.
    ///
    /// Memory is used only as far as lines have reached.
    static let pendingBytes = 32 << 10
    /// Compressed bytes after which the caller checks the disk's free space again.
    static let growthBytes: UInt64 = 1 << 20

    var configuration: Configuration
    let fileSystem: any FileSystem
    /// Called with the error when the disk is full; returns true after waiting, to try again.
    let waitForRoom: (FileSystemError) -> Bool
    /// Called during long compression, writes and syncs: the caller is at work.
    let onProgress: () -> Void
    /// Called with the error for a partition's folder that cannot be entered, and its substitute.
    let onObstacle: (FileSystemError, String) -> Void
    /// Returns the last batch that is durable.
    let durable: () -> CommitNumber
    /// Called before the files together grow by another mebibyte.
    private let onGrowth: () -> Void
    /// The ``compressedBytes`` at which it is called next.
    private var growthMark: UInt64 = 0
    /// Whether the process must exit at once.
    let shouldLeave: () -> Bool
    /// By slot; as many as there ever were slots.
    var segments: [OpenSegment?] = []
    /// The partitions with lines but no file yet, by slot.
    var waiting: [Int: WaitingPartition] = [:]
    /// The waiting lines of each open segment, by slot; allocated for the store's lifetime.
    package let pendings: UnsafeMutablePointer<PendingLines>
    /// The ids of each open segment, by slot; allocated as long as ``pendings``.
    package let identities: UnsafeMutablePointer<IdentityList>
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    /// Slot + 1 by key, direct-mapped; on a miss, ``slots`` is searched.
    private let cache: UnsafeMutablePointer<(key: PartitionKey, slot: Int)>
    private static let cacheSize = 4_096
    var slots: [PartitionKey: Int] = [:]
    var free: [Int] = []
    var batch = CommitBatch()
    /// The number of the last batch that was taken: it is that of the commit it goes with.
    package private(set) var lastCommit = CommitNumber.none
    /// The last batch that is known to be durable.
    var durableCommit = CommitNumber.none
    /// Bytes held in memory because they are not durable yet.
    package internal(set) var heldBytes = 0
    /// The remaining data of sealed segments until they are durable.
    var sealed: [SealedRemains] = []
    /// Sealed paths of segments replaced before another one failed, and not yet returned.
    var replaced: Set<String> = []
    /// The first failure since the last ``replace(failed:folders:)``.
    package internal(set) var failure: FileSystemError?
    var fileNumber = 0
    /// Monotonic nanoseconds and wall microseconds, as set by ``setTime(monotonic:wall:)``.
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
        durable: @escaping () -> CommitNumber = { .none },
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

    func countBatch() { lastCommit = lastCommit.next }

    package var openCount: Int { slots.count - waiting.count }
    /// The slot of any open segment; nil if there is none.
    package var openSlot: Int? { slots.values.min() }
    /// The number of sealed segments that wait for the next batch.
    package var sealsWait: Int { batch.sealedCount }

    /// Returns the slot of an open segment; -1 if there is none: then call ``open(_:router:)``.
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

    /// Prefetches the cache entry that ``slot(for:)`` reads.
    package func fetchSlot(_ key: PartitionKey) {
        Processor.prefetch(cache + cachePlace(key))
    }

    /// Prefetches the segment's ``pendings``, if it is open; after ``fetchSlot(_:)``.
    package func fetchPending(_ key: PartitionKey) {
        let slot = cachedSlot(for: key)
        guard slot >= 0 else { return }
        let pending = UnsafeRawPointer(pendings + slot)
        Processor.prefetch(pending)
        Processor.prefetch(pending + 64)
    }

    /// Prefetches the memory of the segment's next line; after ``fetchPending(_:)``.
    package func fetchEnd(_ key: PartitionKey) {
        let slot = cachedSlot(for: key)
        guard slot >= 0 else { return }
        let pending = pendings + slot
        Processor.prefetch(pending.pointee.tallies.baseAddress)
        for line in 0..<4 { Processor.prefetch(pending.pointee.end + line * 64) }
    }

    func forget(_ key: PartitionKey) {
        slots[key] = nil
        let at = cachePlace(key)
        if cache[at].key == key { cache[at] = (PartitionKey(values: .max, place: .max), -1) }
    }

    /// Sets the time.
    ///
    /// Wall time is microseconds since 1970 UTC.
    package func setTime(monotonic: Int64, wall: Int64) {
        now = monotonic
        wallNow = wall
    }

    // MARK: - Writing

    /// Deflates the pending lines of a slot until `byteCount` bytes fit.
    package func makeRoom(_ byteCount: Int, in slot: Int) throws(FileSystemError) {
        if segments[slot] == nil { try openWaiting(slot) }
        guard let segment = segments[slot] else { preconditionFailure("no segment in the slot") }
        try deflate(segment, in: slot, flush: dueFlush(segment, slot, atLeast: .none))
        pendings[slot].grow(to: byteCount)
    }

    /// A full flush after each mebibyte, else the flush that the caller needs.
    private func dueFlush(_ segment: OpenSegment, _ slot: Int, atLeast flush: Flush) -> Flush {
        segment.rawSinceFullFlush + pendings[slot].bytes.count >= SegmentFormat.fullFlushBytes
            ? .full : flush
    }

    func deflate(
        _ segment: OpenSegment,
        in slot: Int,
        flush: Flush
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
