package import Archive

/// The findings of a check of a data folder.
package struct VerifyReport: Codable, Sendable, Equatable {
    /// The kinds of findings.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// The file's gzip or a line in it is invalid.
        case damagedFile
        /// Its bytes are not those that were sealed (size or SHA-256).
        case changedFile
        /// Its content differs from the manifest (CRC-32, raw bytes, events, times, sequences).
        case contentMismatch
        /// A manifest line without its file.
        case missingFile
        /// A sealed file without its manifest line.
        case missingEntry
        /// Two manifest lines for one file that say different things.
        case conflictingEntry
        /// A sequence number of one source and run occurs twice.
        case duplicateSequence
        /// Recovery set a damaged file aside.
        case keptAside
        /// The disk refused to read it; nothing is known about the file.
        case unreadable
    }

    package struct Finding: Codable, Sendable, Equatable {
        package var kind: Kind
        package var path: String
        package var detail: String
        /// Number of the line in the file, raw bytes, from 1.
        package var line: Int?
        /// Byte of the file, compressed, from 0.
        package var offset: Int?
    }

    /// Numbers of one source and run that are in no file.
    ///
    /// By itself it is no damage: after a crash they belong to events that were never committed,
    /// and all acknowledged events have been written.
    package struct Gap: Codable, Sendable, Equatable {
        package struct Range: Codable, Sendable, Equatable {
            package var first: UInt64
            package var last: UInt64

            package init(first: UInt64, last: UInt64) {
                self.first = first
                self.last = last
            }
        }

        package var source: String
        package var run: String
        /// The lowest and highest number found.
        package var first: UInt64
        package var last: UInt64
        /// The count of missing numbers from 1 to `last`.
        package var missing: UInt64
        /// The first ``rangesMax`` stretches of them.
        package var ranges: [Range]
        /// How many of them were in missing or damaged files, by their manifest lines.
        package var inLostFiles: UInt64
        /// How many of them were in files that were removed on purpose.
        package var inRemovedFiles: UInt64
        /// Open segments of this source and run: they may hold numbers that are not committed yet.
        package var openFiles: Int

        package static let rangesMax = 20

        package init(
            source: String,
            run: String,
            first: UInt64,
            last: UInt64,
            missing: UInt64,
            ranges: [Range] = [],
            inLostFiles: UInt64 = 0,
            inRemovedFiles: UInt64 = 0,
            openFiles: Int = 0
        ) {
            self.source = source
            self.run = run
            self.first = first
            self.last = last
            self.missing = missing
            self.ranges = ranges
            self.inLostFiles = inLostFiles
            self.inRemovedFiles = inRemovedFiles
            self.openFiles = openFiles
        }
    }

    /// The events of one source in the files.
    package struct Source: Codable, Sendable, Equatable {
        package var written = 0
        package var quarantined = 0

        package init(written: Int = 0, quarantined: Int = 0) {
            self.written = written
            self.quarantined = quarantined
        }
    }

    /// A damaged file that `repair` replaced with its saved events.
    package struct Replacement: Codable, Sendable, Equatable {
        package var path: String
        package var repaired: String

        package init(path: String, repaired: String) {
            self.path = path
            self.repaired = repaired
        }
    }

    /// The most findings that are listed; further ones are only counted, as are notes.
    package static let findingsMax = 1000

    /// Sealed files read, their events, bytes and raw bytes.
    package var files = 0
    package var events = 0
    package var bytes: UInt64 = 0
    package var rawBytes: UInt64 = 0
    /// Open segments, and the events before their last flush point.
    package var openFiles = 0
    /// Paths that were skipped because they are not Touchpoint's: links, and foreign folders.
    package var passedOver: [String] = []
    package var openEvents = 0
    /// Invalid manifest lines, as after a crash: how many, and where.
    package var tornManifestLines = 0
    package var tornLines: [ManifestReader.Place] = []
    /// Lines that repeat an earlier one, as after a repeated write.
    package var repeatedLines: [ManifestReader.Place] = []
    /// The ledger's `written` and `quarantined` according to the files, including committed events
    /// of open segments.
    package var sources: [String: Source] = [:]
    /// The same according to the manifests: of sealed files only, including missing ones.
    package var manifestSources: [String: Source] = [:]
    package var replaced: [Replacement] = []
    package var gaps: [Gap] = []
    package var findings: [Finding] = []
    package var findingsTotal = 0
    /// How many of them are of the kind `unreadable`.
    package var unreadableFiles = 0
    /// The number of missing files that manifests name.
    package var missingFiles = 0
    /// The number of files removed on purpose according to a manifest, and their events.
    package var removedFiles = 0
    package var removedEvents = 0
    /// Whether missing files are only counted: an operator deletes old ones.
    package var allowsMissing = false

    package init() {}

    /// 0: no finding; 65: the data has an error; 74: a file could not be read.
    package var exitCode: Int32 {
        if unreadableFiles > 0 { return 74 }
        return findingsTotal > 0 ? 65 : 0
    }
}

extension VerifyReport.Kind {
    /// The advice to an operator.
    package var advice: String {
        switch self {
        case .damagedFile:
            "'touchpointctl repair FILE' saves what can be read; look at the disk (dmesg, SMART)"
        case .changedFile:
            "something wrote to a sealed file: take it from a backup, or 'touchpointctl repair FILE'"
        case .contentMismatch:
            "file and manifest disagree: compare SHA-256 with a backup of both"
        case .missingFile:
            "normal if you deleted it (--allow-missing); else bring it back from a backup"
        case .missingEntry:
            "the daemon writes the line at its next start; normal in a copy made meanwhile"
        case .conflictingEntry:
            "someone edited the manifest, or the file was made twice: compare with a backup"
        case .duplicateSequence:
            "two files hold the same events, such as a copy, or a damaged file beside its repaired one: "
                + "move one away"
        case .keptAside:
            "'touchpointctl repair FILE' saves what the sealed file lacks"
        case .unreadable:
            "look at permissions and the disk (dmesg, SMART), then check again"
        }
    }
}
