import Archive
import Compression
import Digest
import Disk
import Events

/// One file being written: the deflate stream and where it goes.
///
/// The writer's thread only; when it is sealed, the committer takes over what is left to do
/// (``SealTask``).
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
    /// The events it had when the idle clock last looked.
    var eventsAtLastLook = 0
    /// Bytes written that no commit covers yet, or a name that no sync covers yet.
    var isDirty = false
    /// Whether the file's name is on its way to stable storage.
    var isNameCommitted = false
    /// Bytes of the file that are durable, and a copy of those behind them: what a disk that fails
    /// takes along is written again from here.
    var durableBytes = 0
    var held = GrowableBuffer()
    /// Its lines that went with a batch.
    var handedLines = 0
    /// The last batch it went with, and how many bytes it had then.
    var handedIn: UInt64 = 0
    var handedBytes = 0
    /// A write failed: the file is not written any more, ``held`` has what is missing.
    var isBroken = false
    /// Bytes of the file, from its beginning, for which the disk has given room; 0 where none is reserved.
    var reservedBytes = 0
    /// Raw bytes since the last full flush.
    var rawSinceFullFlush = 0
    /// Where its full flushes ended.
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

    /// Lets go of the copy of what is durable now; gives how many bytes that were.
    func forgetHeld(durable batch: UInt64) -> Int {
        guard handedIn <= batch, handedBytes > durableBytes else { return 0 }
        let count = handedBytes - durableBytes
        held.removeFirst(count)
        durableBytes = handedBytes
        return count
    }

    var folder: String { DiskPath.split(sealedPath).folder }

    /// To be called when a full flush is complete: once a mebibyte, so it may allocate.
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
