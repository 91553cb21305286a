/// The sums of manifest lines, by source.
package struct ManifestTotals: Codable, Equatable, Sendable {
    /// Events in files below `events/`.
    package var written: [String: Int] = [:]
    /// Pieces in files below `quarantine/`, by reason.
    package var quarantined: [String: [String: Int]] = [:]

    package init() {}

    /// Adds the events of a file, except those of a run.
    package mutating func add(_ entry: ManifestEntry, except run: String? = nil) {
        let reason = Self.reason(ofPath: entry.path)
        for sequence in entry.sequences where sequence.run != run {
            if let reason {
                quarantined[sequence.source, default: [:]][reason, default: 0] += sequence.events
            } else {
                written[sequence.source, default: 0] += sequence.events
            }
        }
    }

    package static func += (sum: inout ManifestTotals, other: ManifestTotals) {
        sum.written.merge(other.written, uniquingKeysWith: +)
        for (source, reasons) in other.quarantined {
            sum.quarantined[source, default: [:]].merge(reasons, uniquingKeysWith: +)
        }
    }

    /// Returns the reason in a path below `quarantine/`; nil for any other path.
    private static func reason(ofPath path: String) -> String? {
        let prefix = "\(SegmentFormat.quarantine)/reason="
        guard path.hasPrefix(prefix) else { return nil }
        return String(path.dropFirst(prefix.count).prefix { $0 != "/" })
    }
}
