package import Archive

/// What a check of a data folder found.
package struct VerifyReport: Codable, Sendable, Equatable {
    /// What can be wrong.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// The file's gzip or a line in it is no good.
        case damagedFile
        /// Its bytes are not those that were sealed (size or SHA-256).
        case changedFile
        /// Its content is not what the manifest says (CRC-32, raw bytes, events, times, sequences).
        case contentMismatch
        /// A manifest line without its file.
        case missingFile
        /// A sealed file without its manifest line.
        case missingEntry
        /// Two manifest lines for one file that say different things.
        case conflictingEntry
        /// A sequence number of one source and run stands twice.
        case duplicateSequence
        /// Recovery kept a damaged file aside.
        case keptAside
        /// The disk refused; nothing is known about the file.
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
    /// No damage by itself: after a crash they belong to events that were never committed, and what
    /// was acknowledged has been written.
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
        /// Lowest and highest number that was seen.
        package var first: UInt64
        package var last: UInt64
        /// Numbers from 1 to `last` that were not.
        package var missing: UInt64
        /// The first ``rangesMax`` stretches of them.
        package var ranges: [Range]
        /// As many of them as stood in files that are gone or damaged, by their manifest lines.
        package var inLostFiles: UInt64
        /// As many of them as stood in files that were removed on purpose.
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

    /// What of one source is in the files.
    package struct Source: Codable, Sendable, Equatable {
        package var written = 0
        package var quarantined = 0

        package init(written: Int = 0, quarantined: Int = 0) {
            self.written = written
            self.quarantined = quarantined
        }
    }

    /// A damaged file that gave way to what `repair` saved of it.
    package struct Replacement: Codable, Sendable, Equatable {
        package var path: String
        package var repaired: String

        package init(path: String, repaired: String) {
            self.path = path
            self.repaired = repaired
        }
    }

    /// Files beyond these many findings are counted, not listed; notes likewise.
    package static let findingsMax = 1000

    /// Sealed files read, their events, bytes and raw bytes.
    package var files = 0
    package var events = 0
    package var bytes: UInt64 = 0
    package var rawBytes: UInt64 = 0
    /// Open segments, and the events before their last flush point.
    package var openFiles = 0
    /// What was not looked into because it is not Touchpoint's: links, and others' folders.
    package var passedOver: [String] = []
    package var openEvents = 0
    /// Manifest lines that are none, as a crash leaves one: how many, and where.
    package var tornManifestLines = 0
    package var tornLines: [ManifestReader.Place] = []
    /// Lines that say again what one before them says, as a repeated write leaves one.
    package var repeatedLines: [ManifestReader.Place] = []
    /// The ledger's `written` and `quarantined` as the files tell it; committed events of open
    /// segments included.
    package var sources: [String: Source] = [:]
    /// The same as the manifests tell it: of sealed files only, those that are gone included.
    package var manifestSources: [String: Source] = [:]
    package var replaced: [Replacement] = []
    package var gaps: [Gap] = []
    package var findings: [Finding] = []
    package var findingsTotal = 0
    /// How many of them are of the kind `unreadable`.
    package var unreadableFiles = 0
    /// Files that manifests name and that are gone.
    package var missingFiles = 0
    /// Files that a manifest says were removed on purpose, and the events they had.
    package var removedFiles = 0
    package var removedEvents = 0
    /// Whether these are no findings, but only counted: an operator deletes old ones.
    package var allowsMissing = false

    package init() {}

    mutating func add(
        _ kind: Kind,
        _ path: String,
        _ detail: String,
        line: Int? = nil,
        offset: Int? = nil
    ) {
        if kind == .missingFile {
            missingFiles += 1
            if allowsMissing { return }
        }
        findingsTotal += 1
        if kind == .unreadable { unreadableFiles += 1 }
        if findings.count < Self.findingsMax {
            findings.append(
                Finding(kind: kind, path: path, detail: detail, line: line, offset: offset)
            )
        }
    }

    /// 0: nothing found; 65: something is wrong with the data; 74: something could not be read.
    package var exitCode: Int32 {
        if unreadableFiles > 0 { return 74 }
        return findingsTotal > 0 ? 65 : 0
    }
}

extension VerifyReport.Kind {
    /// What an operator does about it.
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
