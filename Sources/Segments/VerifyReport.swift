/// What a check of a data folder found.
package struct VerifyReport: Codable, Sendable, Equatable {
    /// What can be wrong.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// The file's gzip or a line in it is no good.
        case damagedFile
        /// Its bytes are not those that were sealed (size or SHA-256).
        case changedFile
        /// Its content is not what the manifest says (CRC-32, raw bytes, events, sequences).
        case contentMismatch
        /// A manifest line without its file.
        case missingFile
        /// A sealed file without its manifest line.
        case missingEntry
        /// Two manifest lines for one file.
        case repeatedEntry
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
    }

    /// Numbers that one source left out in one run: events that were never written, as after a
    /// crash.
    ///
    /// No damage, since what was acknowledged has been written.
    package struct Gap: Codable, Sendable, Equatable {
        package var source: String
        package var run: String
        package var first: UInt64
        package var last: UInt64
        package var missing: UInt64

        package init(source: String, run: String, first: UInt64, last: UInt64, missing: UInt64) {
            self.source = source
            self.run = run
            self.first = first
            self.last = last
            self.missing = missing
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

    /// Files beyond these many findings are counted, not listed.
    package static let findingsMax = 1000

    /// Sealed files read, their events, bytes and raw bytes.
    package var files = 0
    package var events = 0
    package var bytes: UInt64 = 0
    package var rawBytes: UInt64 = 0
    /// Open segments, and the events before their last flush point.
    package var openFiles = 0
    package var openEvents = 0
    /// Manifest lines that are none, as a crash leaves one.
    package var tornManifestLines = 0
    /// The ledger's `written` and `quarantined` as the files tell it; committed events of open
    /// segments included.
    package var sources: [String: Source] = [:]
    package var gaps: [Gap] = []
    package var findings: [Finding] = []
    package var findingsTotal = 0
    /// How many of them are of the kind `unreadable`.
    package var unreadableFiles = 0

    package init() {}

    mutating func add(_ kind: Kind, _ path: String, _ detail: String) {
        findingsTotal += 1
        if kind == .unreadable { unreadableFiles += 1 }
        if findings.count < Self.findingsMax {
            findings.append(Finding(kind: kind, path: path, detail: detail))
        }
    }

    /// 0: nothing found; 65: something is wrong with the data; 74: something could not be read.
    package var exitCode: Int32 {
        if unreadableFiles > 0 { return 74 }
        return findingsTotal > 0 ? 65 : 0
    }
}
