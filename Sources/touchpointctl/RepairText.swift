import Inspection
import Terminal

/// Formats the result of `repair` for people.
enum RepairText {
    private static let rangesMax = 20

    static func lines(_ report: RepairReport, directory: String, isDryRun: Bool) -> [String] {
        let path = shown(report.path)
        switch report.outcome {
        case .whole: return ["\(path): whole, nothing to repair"]
        case .before: return ["\(path): repaired before; name the file to do it again"]
        case .saved, .partial, .nothing: break
        }
        var lines = ["\(path): \(summary(report))"]
        lines += report.damages.map { "  \(damage($0))" }
        if report.eventsElsewhere > 0 {
            lines.append(
                "  \(HumanText.grouped(report.eventsElsewhere)) more events are in the sealed file "
                    + "beside it"
            )
        }
        if report.linesForeign > 0 {
            lines.append("  \(report.linesForeign) lines are no events, and were so when written")
        }
        if report.eventsDoubtful > 0 {
            lines.append(
                "  \(HumanText.grouped(report.eventsDoubtful)) events near the damage read well, but "
                    + "may be altered (--keep-doubtful)"
            )
        }
        if report.eventsSaved > 0, !report.isProven {
            lines.append("  not every event that was saved is proven by a check value")
        }
        lines += gone(report)
        return lines + commands(report, directory: directory, isDryRun: isDryRun)
    }

    private static func summary(_ report: RepairReport) -> String {
        let saved = HumanText.grouped(report.eventsSaved)
        let bytes = HumanText.bytes(Double(report.rawBytesSaved))
        guard let expected = report.eventsExpected, let lost = report.eventsLost else {
            return "damaged; \(saved) events saved (\(bytes) raw)"
        }
        return "damaged; \(saved) of \(HumanText.grouped(expected)) events saved (\(bytes) raw), "
            + "\(HumanText.grouped(lost)) lost"
    }

    private static func damage(_ damage: RepairReport.Damage) -> String {
        let end = damage.end.map { "read on at byte \($0)" } ?? "nothing behind it could be read"
        return "damage from byte \(damage.start): \(shown(damage.reason)); \(end)"
    }

    private static func gone(_ report: RepairReport) -> [String] {
        var lines = report.gone.map { gone in
            let ranges = gone.ranges.prefix(rangesMax).map(VerifyText.text)
            let more = gone.ranges.count > rangesMax ? ", … (--json has more)" : ""
            let tail = gone.isOpenEnded ? "; perhaps numbers above as well" : ""
            return "  gone: source \(shown(gone.source)), run \(shown(gone.run)): "
                + "\(HumanText.grouped(Int(clamping: gone.count))) numbers: "
                + ranges.joined(separator: ", ") + more + tail
        }
        if !report.gone.isEmpty, !report.isGoneExact {
            lines.append(
                report.eventsLost.map {
                    "  of these numbers \(HumanText.grouped($0)) were in the file; the others were "
                        + "never written"
                } ?? "  without a manifest line nobody knows whether all of them were in the file"
            )
        }
        return lines
    }

    private static func commands(
        _ report: RepairReport,
        directory: String,
        isDryRun: Bool
    ) -> [String] {
        if isDryRun { return report.eventsSaved > 0 ? ["  dry run: nothing was written"] : [] }
        guard let repaired = report.repaired, let visible = report.visible else { return [] }
        func move(_ from: String, _ to: String) -> String {
            "  mv -n '\(directory)/\(shown(from))' '\(directory)/\(shown(to))'"
        }
        var lines = ["  saved to \(shown(repaired)); so that readers see it:"]
        if let aside = report.aside { lines.append(move(report.path, aside)) }
        lines.append(move(repaired, visible))
        return lines
    }
}
