import Archive
import Dedup
import Disk

/// What a writer must keep until the disk has it for certain.
struct DataAtRisk {
    /// Bytes of all segments held in memory because they are not durable yet.
    var bytes = 0
    /// The last batch that is known to be durable.
    var durable = CommitNumber.none
    /// The remaining data of sealed segments until they are durable.
    var sealed: [SealedRemains] = []
    /// Sealed paths of segments replaced before another one failed, and not yet returned.
    var replaced: Set<String> = []
    /// The first failure since the last ``SegmentStore/replace(failed:folders:)``.
    var failure: FileSystemError?

    mutating func note(_ error: FileSystemError) { failure = failure ?? error }

    /// Adds a segment that was just sealed.
    mutating func add(_ remains: SealedRemains, of segment: OpenSegment) {
        bytes -= segment.held.count - remains.held.count
        sealed.append(remains)
    }

    /// Frees the sealed segments that are durable.
    mutating func forgetSealed() {
        while let first = sealed.first, first.commit <= durable {
            bytes -= first.held.count
            sealed.removeFirst()
        }
    }

    /// Returns a sealed file of a batch after `commit` that no committer may still have to sync.
    func firstAtRest(after commit: CommitNumber) -> Int? {
        sealed.firstIndex {
            $0.commit > commit && $0.file != nil && !$0.isBroken && $0.newestCommit <= durable
        }
    }

    /// Notes that a sealed file is durable and closed.
    mutating func close(_ index: Int) {
        bytes -= sealed[index].held.count
        sealed[index].held = []
        sealed[index].file = nil
    }
}

/// The remaining data of a sealed segment until its batch is durable.
struct SealedRemains {
    /// The number of its batch.
    let commit: CommitNumber
    let sealedPath: String
    /// Nil if its bytes are durable.
    var file: FileHandle?
    let durableBytes: Int
    var held: [UInt8]
    /// The last earlier batch that contained it.
    let newestCommit: CommitNumber
    let sha256: String
    var isBroken: Bool

    init(of segment: OpenSegment, _ task: SealTask, commit: CommitNumber) {
        self.commit = commit
        sealedPath = segment.sealedPath
        file = task.file
        durableBytes = segment.held.durableCount
        held = task.file == nil ? [] : Array(segment.held.bytes)
        newestCommit = segment.held.newestCommit
        sha256 = task.entry.sha256
        isBroken = segment.held.isBroken
    }

    /// Whether its file must be replaced: the write or sync failed, or that of `failed` did.
    func mustBeReplaced(failed: String?) -> Bool { isBroken || sealedPath == failed }
}
