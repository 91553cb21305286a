package import Archive
import Compression
package import Dedup
import Digest
package import Disk
import Events
import Glibc
import Platform

/// The open segments of one writer: finds an event's segment, deflates and writes pending lines,
/// and hands over data to be made durable.
///
/// Only the writer's thread uses it.
///
/// Per event a caller uses ``slot(for:)``, ``pendings`` and, without enough space,
/// ``makeRoom(_:in:)``; everything else is per commit.
package final class SegmentStore {
    /// Compressed bytes after which the caller checks the disk's free space again.
    static let growthBytes: UInt64 = 1 << 20

    var configuration: Configuration
    let fileSystem: any FileSystem
    let calls: Calls
    /// The ``compressedBytes`` at which ``Calls/onGrowth`` is called next.
    private var growthMark: UInt64 = 0
    /// By slot; as many as there ever were slots.
    var segments: [OpenSegment?] = []
    /// The partitions with lines but no file yet, by slot.
    private var waiting: [Int: WaitingPartition] = [:]
    /// The waiting lines of each open segment, by slot; allocated for the store's lifetime.
    package let pendings: UnsafeMutablePointer<PendingLines>
    /// The ids of each open segment, by slot; allocated as long as ``pendings``.
    package let identities: UnsafeMutablePointer<IdentityList>
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    /// Slot + 1 by key, direct-mapped; on a miss, ``slots`` is searched.
    private let cache: UnsafeMutablePointer<(key: PartitionKey, slot: Int)>
    private static let cacheSize = 4_096
    private var slots: [PartitionKey: Int] = [:]
    private var free: [Int] = []
    var batch = CommitBatch()
    /// The number of the last batch that was taken: it is that of the commit it goes with.
    package private(set) var lastCommit = CommitNumber.none
    var atRisk = DataAtRisk()
    private var fileNumber = 0
    var clock = Clock()
    private var rawCount: UInt64 = 0
    private var compressedCount: UInt64 = 0

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
        calls = Calls(
            waitForRoom: waitForRoom,
            onProgress: onProgress,
            onObstacle: onObstacle,
            durable: durable,
            onGrowth: onGrowth,
            shouldLeave: shouldLeave
        )
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
    /// Bytes held in memory because they are not durable yet.
    package var heldBytes: Int { atRisk.bytes }
    /// The first failure since the last ``replace(failed:folders:)``.
    package var failure: FileSystemError? { atRisk.failure }
    /// All raw and compressed bytes written by this store.
    package var rawBytes: UInt64 { rawCount }
    package var compressedBytes: UInt64 { compressedCount }
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

    /// Returns a free slot, which is the key's from now on.
    func takeSlot(for key: PartitionKey) -> Int {
        let slot = free.popLast() ?? segments.count
        if slot == segments.count { segments.append(nil) }
        slots[key] = slot
        return slot
    }

    /// Frees the slot of a key.
    func release(_ slot: Int, of key: PartitionKey) {
        free.append(slot)
        slots[key] = nil
        let at = cachePlace(key)
        if cache[at].key == key { cache[at] = (PartitionKey(values: .max, place: .max), -1) }
    }

    /// Sets the time.
    ///
    /// Wall time is microseconds since 1970 UTC.
    package func setTime(monotonic: Int64, wall: Int64) {
        clock = Clock(now: monotonic, wall: wall)
    }

    /// Returns the name of the next file, which no other file of this folder has.
    func nextName() -> String {
        defer { fileNumber += 1 }
        let time = Timestamp.compact(max(clock.wall, configuration.startedAt))
        return "part-\(configuration.node)-\(configuration.writer)-\(time)-\(fileNumber)"
            + SegmentFormat.sealedSuffix
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
    func dueFlush(_ segment: OpenSegment, _ slot: Int, atLeast flush: Flush) -> Flush {
        segment.flushes.isDue(after: pendings[slot].bytes.count) ? .full : flush
    }

    func deflate(
        _ segment: OpenSegment,
        in slot: Int,
        flush: Flush
    ) throws(FileSystemError) {
        var input = pendings[slot].bytes
        let (rawCount, before) = (input.count, segment.stream.compressedBytes)
        segment.flushes.add(input.count, flush)
        self.rawCount += UInt64(input.count)
        if !input.isEmpty || flush == .finish { segment.handed.isDirty = true }
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
            calls.onProgress()
            if step.isComplete { break }
        }
        if flush == .full { segment.addCheckpoint() }
        pendings[slot].clear()
        if flush != .finish { pendings[slot].grow(to: configuration.pendingBytes) }
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
        atRisk.bytes += bytes.count
        compressedCount += UInt64(bytes.count)
        if compressedCount > growthMark {
            growthMark = compressedCount + Self.growthBytes
            calls.onGrowth()
        }
        if segment.held.isBroken { return }
        var rest = bytes
        while !rest.isEmpty {
            do throws(FileSystemError) {
                try fileSystem.write(rest, to: segment.file)
                return
            } catch {
                rest = UnsafeRawBufferPointer(rebasing: rest[error.written...])
                let named = FileSystemError(.write, segment.sealedPath, code: error.code)
                guard error.isFull else {
                    segment.held.isBroken = true
                    atRisk.note(named)
                    return
                }
                guard calls.waitForRoom(named) else { throw named }
            }
        }
    }
}

/// A partition with lines but no file yet.
struct WaitingPartition {
    let key: PartitionKey
    let folder: String
}

/// Partitions beyond the maximum of open files: one message can have events of thousands of them,
/// in any order.
///
/// If each event of such a message opened its partition's file and sealed another one, there would
/// be one file per event. So lines wait in memory until the next commit, or until a partition has
/// ``waitingBytes`` of them. Then its file is opened, and the least recently used one is sealed.
extension SegmentStore {
    static let waitingMax = 4_096
    /// The most bytes of a partition's lines that may wait, except for one long line.
    static let waitingBytes = 8 << 10
    /// The number of partitions whose files are opened even if the process must exit.
    static let leavingMax = 64

    func wait(_ key: PartitionKey, _ folder: String) throws(FileSystemError) -> Int {
        if waiting.count >= Self.waitingMax { try openWaiting() }
        let slot = newSlot(key, capacity: Self.waitingBytes)
        waiting[slot] = WaitingPartition(key: key, folder: folder)
        return slot
    }

    /// Opens a file for each partition that waits.
    ///
    /// Throws `ECANCELED` if there are many and the process must exit: none of them is durable, and
    /// nothing since the last commit may be acknowledged.
    func openWaiting() throws(FileSystemError) {
        for slot in waiting.keys.sorted() {
            if waiting.count > Self.leavingMax, calls.shouldLeave() {
                throw FileSystemError(.open, waiting[slot]?.folder ?? "", code: ECANCELED)
            }
            try openWaiting(slot)
        }
    }

    func openWaiting(_ slot: Int) throws(FileSystemError) {
        guard let partition = waiting[slot] else { preconditionFailure("no partition in the slot") }
        if openCount >= configuration.openMax { try sealLeastRecentlyUsed() }
        let (path, file) = try createFile(in: partition.folder) { calls.waitForRoom($0) }
        waiting[slot] = nil
        install(file, at: path, for: partition.key, in: slot)
    }
}
