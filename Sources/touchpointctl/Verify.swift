import ArgumentParser
import Foundation
import Producer
import Segments
import Terminal

/// The command `touchpointctl verify`.
struct VerifyData: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a data folder against itself; may run beside the daemon.",
        discussion: """
            Reads every manifest and every file: gzip, CRC-32, SHA-256, sizes, counts, each line's \
            JSON and metadata, sequence numbers. Gaps are information: events that were never \
            acknowledged. Open segments count as far as they are committed.

            Exit codes: 0 nothing wrong, 65 bad data found, 74 something could not be read.

            Examples:
              touchpointctl verify /var/lib/touchpoint
              touchpointctl verify --json data | jq .findings
              touchpointctl verify --generated data      loss, duplicates, order of generated events
            """
    )

    @Argument(help: "The data folder.")
    var directory = "./touchpoint-data"

    @Flag(help: "One JSON object instead of text.")
    var json = false

    @Flag(help: "Also check the events that touchpoint-send --generate made.")
    var generated = false

    @Option(help: ArgumentHelp("Events each producer sent, for --generated.", valueName: "n"))
    var expected: Int?

    private struct Answer: Encodable {
        var verify: VerifyReport
        var generated: GeneratedReport?
    }

    func run() throws {
        let disk = try openDataFolder(directory)
        let answer: Answer
        do {
            answer = try check(disk)
        } catch let error as FileSystemError {
            throw failed("verify \(directory): \(error)", Terminal.ExitCode.ioError)
        }
        try json ? printJSON(answer) : printOut(lines(answer))
        if answer.verify.exitCode != 0 { throw ArgumentParser.ExitCode(answer.verify.exitCode) }
        if let generated = answer.generated, !generated.isClean {
            throw ArgumentParser.ExitCode(Terminal.ExitCode.badData)
        }
    }

    private func check(_ disk: PosixFileSystem) throws -> Answer {
        var check = GeneratedCheck()
        var bar: ProgressBar?
        var done = 0
        let wanted = generated
        let report = try Segments.Verify.run(
            disk,
            onFile: { if wanted { check.beginFile() } },
            onLine: { _, bytes in if wanted { check.add(bytes) } },
            progress: { progress in
                done = Int(clamping: progress.bytesDone)
                if bar == nil {
                    bar = ProgressBar(
                        label: "verify",
                        total: Int(clamping: progress.bytesTotal),
                        unit: .bytes
                    )
                }
                bar?.update(done)
            }
        )
        bar?.finish(done)
        return Answer(verify: report, generated: wanted ? check.report(expected: expected) : nil)
    }

    private func printJSON(_ answer: Answer) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try printOut([String(decoding: try encoder.encode(answer), as: UTF8.self)])
    }

    private func lines(_ answer: Answer) -> [String] {
        let report = answer.verify
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
        for (name, source) in report.sources.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "source \(shown(name)): \(HumanText.grouped(source.written)) written, "
                    + "\(HumanText.grouped(source.quarantined)) quarantined"
            )
        }
        for gap in report.gaps {
            lines.append(
                "note: source \(shown(gap.source)), run \(shown(gap.run)): \(gap.missing) "
                    + "numbers of \(gap.first) to \(gap.last) were never written"
            )
        }
        if report.tornManifestLines > 0 {
            lines.append(
                "note: \(report.tornManifestLines) torn manifest lines, as a crash leaves them"
            )
        }
        lines += report.findings.map {
            "BAD \($0.kind.rawValue): \(shown($0.path)): \(shown($0.detail))"
        }
        if let generated = answer.generated { lines += Self.lines(generated) }
        lines.append(report.findingsTotal == 0 ? "ok" : "\(report.findingsTotal) findings")
        return lines
    }

    private static func lines(_ report: GeneratedReport) -> [String] {
        let totals = report.totals
        return [
            "generated: \(report.producers.count) producers, \(HumanText.grouped(totals.seen)) of "
                + "\(HumanText.grouped(totals.expected)) events; lost \(totals.lost), "
                + "duplicates \(totals.duplicates), out of order \(totals.orderViolations), "
                + "wrong checksum \(totals.checksumErrors), unreadable \(report.damaged), "
                + "others \(HumanText.grouped(report.otherEvents))"
        ]
    }
}
