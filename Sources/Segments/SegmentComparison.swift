/// Compares what a file holds with what its manifest line says.
enum SegmentComparison {
    static func differences(
        _ survey: SegmentSurvey,
        _ entry: ManifestEntry
    ) -> [(VerifyReport.Kind, String)] {
        var found: [(VerifyReport.Kind, String)] = []
        func compare<Value: Equatable>(
            _ kind: VerifyReport.Kind,
            _ what: String,
            _ file: Value,
            _ said: Value
        ) {
            if file != said {
                found.append(
                    (kind, "\(what): the file has \(file), its manifest line says \(said)")
                )
            }
        }
        compare(.changedFile, "bytes", survey.fileBytes, entry.compressedBytes)
        compare(.changedFile, "SHA-256", survey.sha256, entry.sha256)
        compare(.contentMismatch, "CRC-32", SegmentSurvey.hex(survey.crc32), entry.crc32)
        compare(.contentMismatch, "raw bytes", survey.rawBytes, UInt64(max(0, entry.rawBytes)))
        compare(.contentMismatch, "events", survey.tally.events, entry.events)
        let sequences = (file: sorted(survey.tally.sequences), said: sorted(entry.sequences))
        if sequences.file != sequences.said {
            found.append(
                (
                    .contentMismatch,
                    "sequences: the file has other ranges than its manifest line says"
                )
            )
        }
        return found
    }

    private static func sorted(_ list: [ManifestEntry.Sequence]) -> [ManifestEntry.Sequence] {
        list.sorted { ($0.source, $0.run, $0.first) < ($1.source, $1.run, $1.first) }
    }
}
