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
            Reads every manifest and every file: gzip, CRC-32, SHA-256, sizes, counts, times, each \
            line's JSON and metadata, sequence numbers. Open segments count as far as they are \
            committed. Nothing is changed. What the daemon seals meanwhile is no finding.

            BAD lines are findings: file, line (raw) or byte (compressed), and what to do. note: \
            lines are information. A gap is one: numbers that no file has. After a crash they are \
            events that were never committed, so nobody was told they are safe; 'gone or damaged \
            files' says how many of them stood in files that you lost or deleted. A number that is \
            there twice is never normal.

            Exit codes: 0 nothing wrong, 65 bad data found, 74 something could not be read.

            Examples:
              touchpointctl verify /var/lib/touchpoint
              touchpointctl verify --allow-missing data    after old files were deleted
              touchpointctl verify --json data | jq '.verify.findings[] | select(.kind == "damagedFile")'
              touchpointctl verify --generated data        loss, duplicates, order of generated events
            """
    )

    @Argument(help: "The data folder.")
    var directory = "./touchpoint-data"

    @Flag(help: "One JSON object instead of text.")
    var json = false

    @Flag(help: "Files that manifests name and that are gone are no reason for exit code 65.")
    var allowMissing = false

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
        var options = Segments.Verify.Options()
        options.allowsMissing = allowMissing
        var daemon = DaemonWait(directory: directory)
        options.waitForDaemon = { daemon.wait() }
        let report = try Segments.Verify.run(
            disk,
            options: options,
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

    private func lines(_ answer: Answer) -> [String] {
        var lines = VerifyText.lines(answer.verify)
        if let generated = answer.generated { lines += Self.lines(generated) }
        let count = answer.verify.findingsTotal
        lines.append(count == 0 ? "ok" : "\(count) findings")
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

/// Prints an answer as one line of JSON with sorted keys.
func printJSON(_ answer: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try printOut([String(decoding: try encoder.encode(answer), as: UTF8.self)])
}
