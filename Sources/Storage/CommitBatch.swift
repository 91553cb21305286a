package import Archive
import Disk

/// A writer's work for its committer: files to sync, and files to seal.
///
/// Everything in it has been written; nothing in it is durable yet.
package struct CommitBatch: Sendable {
    /// A file whose bytes wait for a sync.
    struct DirtyFile: Sendable {
        var file: FileHandle
        var path: String
        /// The folder whose entry for this file is new; nil if the entry is durable already.
        var newNameIn: String?
    }

    var dirty: [DirtyFile] = []
    var seals: [SealTask] = []
    /// Lines that were in no earlier batch, as counted by the files' tallies.
    package internal(set) var lines = 0
    /// Folders with names that wait for a sync.
    var newNamesIn: Set<PathKey> = []
    /// Ids of its events, to be written once the batch is durable.
    var identities: [IdentityPart] = []

    package init() {}

    package var isEmpty: Bool { dirty.isEmpty && seals.isEmpty }
    package var sealedCount: Int { seals.count }
    /// The number of its files.
    package var fileCount: Int { dirty.count + seals.count }
}

/// A finished gzip file that still has its hidden name.
struct SealTask: Sendable {
    /// Nil if it is closed already.
    var file: FileHandle?
    /// Whether its bytes still wait for a sync.
    var isDirty: Bool
    var sealedPath: String
    var entry: ManifestEntry
    /// Whether the file has its sealed name already.
    var isRenamed = false
    var isListed = false

    var sealedFile: SealedFile {
        SealedFile(
            path: sealedPath,
            events: entry.events,
            compressedBytes: entry.compressedBytes,
            reason: entry.reason
        )
    }
}

/// A sealed file, for logs and answers.
package struct SealedFile: Sendable {
    package let path: String
    package let events: Int
    package let compressedBytes: Int
    package let reason: ManifestEntry.Reason

    package init(path: String, events: Int, compressedBytes: Int, reason: ManifestEntry.Reason) {
        self.path = path
        self.events = events
        self.compressedBytes = compressedBytes
        self.reason = reason
    }
}
