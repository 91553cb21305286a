import Disk

/// The results of a recovery.
package struct RecoveryReport: Sendable, Equatable {
    /// The result for one open segment.
    package enum Outcome: Sendable, Equatable {
        /// It was whole and only had to be renamed.
        case finished
        /// Cut back to its last commit and sealed. What was cut was never acknowledged.
        case cut
        /// Nothing was ever committed in it, so it was removed.
        case removed
        /// Damaged where something may have been acknowledged: the events before the damage were
        /// sealed, and the original is at `keptAside`. To be reported loudly.
        case damaged(keptAside: String)
        /// The disk refused; the file is unchanged and the next recovery tries again.
        case failed(String)
    }

    package struct File: Sendable, Equatable {
        /// The open segment's path.
        package var path: String
        package var outcome: Outcome
        /// Events in the sealed file.
        package var events: Int
        /// Bytes of the open segment, and how many of them were kept.
        package var fileBytes: Int
        package var keptBytes: Int
        /// Why reading stopped.
        package var reason: String

        package init(
            path: String,
            outcome: Outcome,
            events: Int,
            fileBytes: Int,
            keptBytes: Int,
            reason: String
        ) {
            self.path = path
            self.outcome = outcome
            self.events = events
            self.fileBytes = fileBytes
            self.keptBytes = keptBytes
            self.reason = reason
        }

        init(failed path: String, _ error: FileSystemError) {
            self.init(
                path: path,
                outcome: .failed("\(error)"),
                events: 0,
                fileBytes: 0,
                keptBytes: 0,
                reason: "\(error)"
            )
        }

        /// Creates the entry of a file that has only been scanned; nothing is kept yet.
        init(_ path: String, _ outcome: Outcome, scan: OpenSegmentScan) {
            self.init(
                path: path,
                outcome: outcome,
                events: scan.events,
                fileBytes: scan.fileBytes,
                keptBytes: 0,
                reason: scan.reason
            )
        }
    }

    package var files: [File] = []
    /// Sealed files without a manifest line from an earlier run, whose line was added.
    package var entriesAdded: [String] = []
    /// Sealed files without a manifest line that could not be read: path and why.
    package var unreadable: [String: String] = [:]
    /// Manifest lines whose file is not there.
    package var missingFiles: [String] = []
    /// The number of invalid manifest lines.
    package var tornLines = 0
    /// The number of manifest lines read.
    package var manifestLines = 0
    /// Whether it was stopped before it was done.
    package var isStopped = false
    /// Whether the disk refused to read one of ``unreadable``.
    package var hasRefusedReads = false

    package init() {}

    /// The number of recovered events.
    package var events: Int { files.reduce(0) { $0 + $1.events } }

    /// Whether the disk refused something, so that another recovery may do more.
    package var hasFailed: Bool {
        hasRefusedReads
            || files.contains {
                if case .failed = $0.outcome { true } else { false }
            }
    }

    /// Whether something was found that an operator must look at.
    package var hasDamage: Bool {
        !unreadable.isEmpty || !missingFiles.isEmpty
            || files.contains {
                if case .damaged = $0.outcome { true } else { false }
            }
    }
}
