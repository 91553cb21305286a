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
    /// Nanoseconds of the monotonic clock.
    let openedAt: Int64
    var lastUsedAt: Int64
    /// The number of its events at the last idle check.
    var eventsAtLastLook = 0
    /// Bytes written that no commit covers yet, or a name that no sync covers yet.
    var isDirty = false
    /// Whether a batch has the file's new name to sync.
    var isNameCommitted = false
    /// The number of durable bytes of the file; a copy of those after them is kept in memory, from
    /// which bytes lost by a failing disk are rewritten.
    var durableBytes = 0
    var held = GrowableBuffer()
    /// Its lines that were handed over in a batch.
    var handedLines = 0
    /// The last batch that contained it, and its length in that batch.
    var newestCommit = CommitNumber.none
    var handedBytes = 0
    /// A write failed: the file is not written any more, and ``held`` has the missing bytes.
    var isBroken = false
    /// The number of bytes reserved on the disk, from the file's beginning; 0 if none.
    var reservedBytes = 0
    /// Raw bytes since the last full flush.
    var rawSinceFullFlush = 0
    /// The ends of its full flushes.
    var checkpoints: [ManifestEntry.Checkpoint] = []
    /// Wall clock of the last commit handed over, microseconds since 1970 UTC.
    var lastCommitAt: Int64?

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
        self.openedAt = openedAt
        lastUsedAt = openedAt
    }

    /// Frees the copy of the bytes that are durable now; returns their number.
    func forgetHeld(durable commit: CommitNumber) -> Int {
        guard newestCommit <= commit, handedBytes > durableBytes else { return 0 }
        let count = handedBytes - durableBytes
        held.removeFirst(count)
        durableBytes = handedBytes
        return count
    }

    var folder: String { DiskPath.split(sealedPath).folder }

    /// Called after each full flush: once per mebibyte, so it may allocate.
    @inline(never)
    func addCheckpoint() {
        checkpoints.append(
            ManifestEntry.Checkpoint(
                bytes: Int(clamping: stream.compressedBytes),
                crc32: Hex.text(stream.crc32),
                rawBytes: Int(clamping: stream.rawBytes)
            )
        )
    }
}
