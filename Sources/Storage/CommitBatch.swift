package import Archive
import Disk

/// What a writer hands to its committer: files to sync, and files to seal.
///
/// Everything in it has been written; nothing in it is durable yet.
package struct CommitBatch: Sendable {
    /// A file whose bytes wait for a sync.
    struct DirtyFile: Sendable {
        var file: FileHandle
        var path: String
        /// The folder whose entry for this file is new; nil when it is durable already.
        var newNameIn: String?
    }

    var dirty: [DirtyFile] = []
    var seals: [SealTask] = []
    /// Lines in it that were in no batch before, as the files' own tallies count them.
    package internal(set) var lines = 0
    /// Folders with names that wait for a sync.
    var newNamesIn: Set<PathKey> = []
    /// Ids of what is in it, to be written once it is durable.
    var identities: [IdentityPart] = []

    package init() {}

    package var isEmpty: Bool { dirty.isEmpty && seals.isEmpty }
    package var sealedCount: Int { seals.count }
    /// Files that it has to do with.
    package var fileCount: Int { dirty.count + seals.count }
}

/// A finished gzip file that still has its hidden name.
struct SealTask: Sendable {
    /// Nil when it is closed already.
    var file: FileHandle?
    /// Whether its bytes still wait for a sync.
    var isDirty: Bool
    var sealedPath: String
    var entry: ManifestEntry
    /// How far sealing has come.
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

/// A file that was sealed, for logs and answers.
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
