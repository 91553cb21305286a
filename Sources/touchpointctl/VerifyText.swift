import Archive
import Inspection
import Terminal

/// Formats the findings of `verify` for people.
enum VerifyText {
    static func lines(_ report: VerifyReport) -> [String] {
        var lines = [
            "\(HumanText.grouped(report.files)) files, \(HumanText.grouped(report.events)) events, "
                + "\(HumanText.bytes(Double(report.bytes))), "
                + "\(HumanText.bytes(Double(report.rawBytes))) raw"
        ]
        if report.openFiles > 0 {
            lines.append(
                "\(report.openFiles) open segments with "
                    + "\(HumanText.grouped(report.openEvents)) committed events"
            )
        }
        lines += sources(report)
        lines += report.gaps.map(line)
        lines += notes(report)
        lines += report.findings.map(line)
        if report.findingsTotal > report.findings.count {
            lines.append("and \(report.findingsTotal - report.findings.count) more")
        }
        return lines + advice(report)
    }

    private static func sources(_ report: VerifyReport) -> [String] {
        report.sources.sorted { $0.key < $1.key }.map { name, source in
            var line =
                "source \(shown(name)): \(HumanText.grouped(source.written)) written, "
                + "\(HumanText.grouped(source.quarantined)) quarantined"
            let said = report.manifestSources[name] ?? VerifyReport.Source()
            if report.openFiles == 0, said != source {
                line +=
                    "; by the manifests \(HumanText.grouped(said.written)) and "
                    + "\(HumanText.grouped(said.quarantined))"
            }
            return line
        }
    }

    private static func line(_ gap: VerifyReport.Gap) -> String {
        let shownRanges = gap.ranges.prefix(5).map(text)
        let ranges = shownRanges.joined(separator: ", ") + (gap.ranges.count > 5 ? ", …" : "")
        var line =
            "note: source \(shown(gap.source)), run \(shown(gap.run)): "
            + "\(HumanText.grouped(Int(clamping: gap.missing))) of \(gap.last) numbers are in no "
            + "file: \(ranges)"
        if gap.inLostFiles > 0 {
            line +=
                "; \(HumanText.grouped(Int(clamping: gap.inLostFiles))) in gone or damaged files"
        }
        if gap.inRemovedFiles > 0 {
            line += "; \(HumanText.grouped(Int(clamping: gap.inRemovedFiles))) in removed files"
        }
        if gap.openFiles > 0 {
            line += "; \(gap.openFiles) segments are open and may get them"
        } else if gap.missing > gap.inLostFiles + gap.inRemovedFiles {
            line += "; never committed, as after a crash"
        }
        return line
    }

    static func text(_ range: VerifyReport.Gap.Range) -> String {
        range.first == range.last ? "\(range.first)" : "\(range.first) to \(range.last)"
    }

    private static func notes(_ report: VerifyReport) -> [String] {
        var lines = report.tornLines.prefix(10).map {
            "note: torn line, as a crash leaves one: \(shown($0.path)), line \($0.line)"
        }
        if report.tornManifestLines > lines.count {
            lines.append("note: \(report.tornManifestLines) torn manifest lines in all")
        }
        lines += report.repeatedLines.prefix(10).map {
            "note: line repeats one before it: \(shown($0.path)), line \($0.line)"
        }
        if report.allowsMissing, report.missingFiles > 0 {
            lines.append(
                "note: files that manifests name and that are gone, which --allow-missing allows: "
                    + HumanText.grouped(report.missingFiles)
            )
        }
        lines += report.passedOver.prefix(10).map {
            "note: passed over, not Touchpoint's: \(shown($0))"
        }
        if report.removedFiles > 0 {
            lines.append(
                "note: files of quarantine that quarantine.maxAge removed: "
                    + "\(HumanText.grouped(report.removedFiles)), with "
                    + "\(HumanText.grouped(report.removedEvents)) rejected pieces"
            )
        }
        lines += report.replaced.map {
            "note: \(shown($0.path)) was damaged; \(shown($0.repaired)) has what was saved"
        }
        return lines
    }

    private static func line(_ finding: VerifyReport.Finding) -> String {
        var place = shown(finding.path)
        if let line = finding.line { place += ", line \(line)" }
        if let offset = finding.offset { place += ", byte \(offset)" }
        return "BAD \(finding.kind.rawValue): \(place): \(shown(finding.detail))"
    }

    private static func advice(_ report: VerifyReport) -> [String] {
        let kinds = Set(report.findings.map(\.kind))
        return VerifyReport.Kind.allCases.filter(kinds.contains).map {
            "what to do about \($0.rawValue): \($0.advice)"
        }
    }
}
