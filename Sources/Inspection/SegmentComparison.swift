import Archive
import Events
import Platform

/// Compares a file's content with its manifest line.
enum SegmentComparison {
    static func differences(
        _ survey: SegmentSurvey,
        _ entry: ManifestEntry
    ) -> [(VerifyReport.Kind, String)] {
        var found: [(VerifyReport.Kind, String)] = []
        func compare<Value: Equatable>(
            _ kind: VerifyReport.Kind,
            _ what: String,
            file: Value,
            manifest said: Value
        ) {
            if file != said {
                found.append(
                    (kind, "\(what): the file has \(file), its manifest line says \(said)")
                )
            }
        }
        compare(.changedFile, "bytes", file: survey.fileBytes, manifest: entry.compressedBytes)
        compare(.changedFile, "SHA-256", file: survey.sha256, manifest: entry.sha256)
        compare(
            .contentMismatch,
            "CRC-32",
            file: SegmentSurvey.hex(survey.crc32),
            manifest: entry.crc32
        )
        compare(
            .contentMismatch,
            "raw bytes",
            file: survey.rawBytes,
            manifest: UInt64(max(0, entry.rawBytes))
        )
        compare(.contentMismatch, "events", file: survey.tally.events, manifest: entry.events)
        if survey.damage == nil {
            // Only a file read to its end has reliable times of its first and last event.
            let times = timesOf(survey.tally)
            compare(
                .contentMismatch,
                "firstReceivedAt",
                file: times.first,
                manifest: entry.firstReceivedAt ?? ""
            )
            compare(
                .contentMismatch,
                "lastReceivedAt",
                file: times.last,
                manifest: entry.lastReceivedAt ?? ""
            )
            compare(
                .contentMismatch,
                "node",
                file: survey.tally.node ?? entry.node,
                manifest: entry.node
            )
        }
        let sequences = (file: sorted(survey.tally.sequences), said: sorted(entry.sequences))
        if sequences.file != sequences.said {
            found.append((.contentMismatch, sequenceText(sequences.file, sequences.said)))
        }
        return found
    }

    /// Returns where the content stops being as sealed, in bytes of the file: after the last
    /// matching checkpoint of the manifest line, and before the next; nil if all match.
    static func damagedStretch(_ survey: SegmentSurvey, _ entry: ManifestEntry) -> Range<Int>? {
        let rawSame =
            survey.rawBytes == UInt64(max(0, entry.rawBytes))
            && SegmentSurvey.hex(survey.crc32) == entry.crc32
        guard !rawSame else { return nil }
        var start = 0
        for said in entry.checkpoints ?? [] {
            if !survey.checkpoints.contains(said) { return start..<max(start, said.bytes) }
            start = said.bytes
        }
        return start..<max(start, survey.fileBytes)
    }

    private static func timesOf(_ tally: SegmentTally) -> (first: String, last: String) {
        guard let range = tally.receivedAt else { return ("", "") }
        return (Timestamp.text(range.lowerBound), Timestamp.text(range.upperBound))
    }

    private static func sequenceText(
        _ file: [ManifestEntry.Sequence],
        _ said: [ManifestEntry.Sequence]
    ) -> String {
        func text(_ list: [ManifestEntry.Sequence]) -> String {
            let shown = list.prefix(3).map {
                "\($0.source) \($0.first) to \($0.last) (\($0.events))"
            }
            return list.isEmpty ? "none" : shown.joined(separator: ", ")
        }
        return "sequences: the file has \(text(file)), its manifest line says \(text(said))"
    }

    private static func sorted(_ list: [ManifestEntry.Sequence]) -> [ManifestEntry.Sequence] {
        list.sorted { ($0.source, $0.run, $0.first) < ($1.source, $1.run, $1.first) }
    }
}
