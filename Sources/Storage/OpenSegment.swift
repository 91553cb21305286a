import Archive
import Compression
import Dedup
import Digest
import Disk
import Events

/// An open segment's file and its deflate stream.
///
/// Only the writer's thread uses it. When it is sealed, the committer takes over the remaining
/// steps (``SealTask``).
final class OpenSegment {
    let key: PartitionKey
    /// Its name once sealed, below the data folder.
    let sealedPath: String
    var file: FileHandle
    var stream: GzipEncoder
    let digest = SHA256Digest()
    /// The number of bytes reserved on the disk, from the file's beginning; 0 if none.
    var reservedBytes = 0
    var use: SegmentUse
    var held = HeldBytes()
    var handed = HandedOver()
    var flushes = FullFlushes()

    init(
        key: PartitionKey,
        sealedPath: String,
        file: FileHandle,
        stream: consuming GzipEncoder,
        openedAt: Int64
    ) {
        self.key = key
        self.sealedPath = sealedPath
        self.file = file
        self.stream = stream
        use = SegmentUse(openedAt: openedAt)
    }

    var folder: String { DiskPath.split(sealedPath).folder }

    /// Called after each full flush: once per mebibyte, so it may allocate.
    @inline(never)
    func addCheckpoint() {
        flushes.checkpoints.append(
            ManifestEntry.Checkpoint(
                bytes: Int(clamping: stream.compressedBytes),
                crc32: Hex.text(stream.crc32),
                rawBytes: Int(clamping: stream.rawBytes)
            )
        )
    }

    /// Notes that a batch has all lines so far.
    ///
    /// - `commit`: the batch.
    /// - `wall`: microseconds since 1970 UTC.
    func handOver(to commit: CommitNumber, at now: Int64, wall: Int64) {
        held.handOver(to: commit, bytes: Int(stream.compressedBytes))
        handed.isDirty = false
        handed.isNameCommitted = true
        handed.lastCommitAt = wall
        use.lastUsedAt = now
    }
}

/// When a segment was used, in monotonic nanoseconds.
struct SegmentUse {
    let openedAt: Int64
    fileprivate(set) var lastUsedAt: Int64
    /// The number of its events at the last idle check.
    private var eventsAtLastLook = 0

    init(openedAt: Int64) {
        self.openedAt = openedAt
        lastUsedAt = openedAt
    }

    /// Notes the number of events; more than at the last look count as use now.
    mutating func look(events: Int, at now: Int64) {
        guard events != eventsAtLastLook else { return }
        eventsAtLastLook = events
        lastUsedAt = now
    }

    /// When it was used last; now, if it has more events than at the last look.
    func lastUsed(events: Int, at now: Int64) -> Int64 {
        events == eventsAtLastLook ? lastUsedAt : now
    }
}

/// A copy of the bytes of a segment that are not durable, from which bytes lost by a failing disk
/// are rewritten.
struct HeldBytes: ~Copyable {
    /// The number of durable bytes of the file, which precede the held ones.
    private(set) var durableCount = 0
    private var buffer = GrowableBuffer()
    /// The last batch that contained the segment.
    private(set) var newestCommit = CommitNumber.none
    /// The segment's length in that batch.
    private var handedCount = 0
    /// A write failed: the file is not written any more, and lacks held bytes.
    var isBroken = false

    var count: Int { buffer.count }
    var bytes: UnsafeRawBufferPointer { buffer.bytes }

    mutating func append(_ bytes: UnsafeRawBufferPointer) { buffer.append(bytes) }

    mutating func handOver(to commit: CommitNumber, bytes: Int) {
        newestCommit = commit
        handedCount = bytes
    }

    /// Whether no committer may still have to sync the segment.
    func isAtRest(durable commit: CommitNumber) -> Bool { !isBroken && newestCommit <= commit }

    /// Frees the copy of the bytes that are durable now; returns their number.
    mutating func forget(durable commit: CommitNumber) -> Int {
        guard newestCommit <= commit, handedCount > durableCount else { return 0 }
        let count = handedCount - durableCount
        buffer.removeFirst(count)
        durableCount = handedCount
        return count
    }

    /// Frees all: a new file has them, durable; returns their number.
    mutating func forgetReplaced() -> Int {
        let count = buffer.count
        durableCount += count
        handedCount = durableCount
        buffer.removeAll()
        isBroken = false
        return count
    }
}

/// How much of a segment batches contain.
struct HandedOver {
    /// Bytes written that no commit covers yet, or a name that no sync covers yet.
    var isDirty = false
    /// Whether a batch has the file's new name to sync.
    var isNameCommitted = false
    /// Wall clock of the last commit handed over, microseconds since 1970 UTC.
    var lastCommitAt: Int64?
    /// Lines that were handed over in a batch.
    private var lines = 0

    /// Returns the number of lines, of `events` in all, that no batch has counted before.
    mutating func countLines(of events: Int) -> Int {
        defer { lines = events }
        return events - lines
    }
}

/// The full flushes of a segment, at which reading can resume after damage.
struct FullFlushes {
    /// Raw bytes since the last one.
    private(set) var rawSinceLast = 0
    /// Their ends.
    var checkpoints: [ManifestEntry.Checkpoint] = []

    mutating func add(_ rawBytes: Int, _ flush: Flush) {
        rawSinceLast = flush == .full ? 0 : rawSinceLast + rawBytes
    }

    /// Whether the next flush, after so many more raw bytes, must be a full one.
    func isDue(after rawBytes: Int) -> Bool {
        rawSinceLast + rawBytes >= SegmentFormat.fullFlushBytes
    }
}
