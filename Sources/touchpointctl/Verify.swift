import ArgumentParser
import Disk
import FoundationEssentials
import Inspection
import Producer
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

            With --generated, events that are lost, duplicate or altered are bad data. Their order \
            is told; it counts only with --in-order, since what is sent again after a crash comes \
            behind later ones.

            Exit codes: 0 nothing wrong (the last line is 'ok'), 65 bad data found, 74 something \
            could not be read (the last line begins with 'NOT ok').

            Examples:
              touchpointctl verify /var/lib/touchpoint
              touchpointctl verify --allow-missing data    after old files were deleted
              touchpointctl verify --json data | jq .verify.findings
              touchpointctl verify --generated data        what touchpoint-send made
            """
    )

    @Argument(help: "The data folder.")
    var directory = "./touchpoint-data"

    @Flag(help: "One JSON object instead of text.")
    var json = false

    @Flag(help: "Files that manifests name and that are gone are counted, and are no finding.")
    var allowMissing = false

    @Flag(help: "Also check the events that touchpoint-send --generate made.")
    var generated = false

    @Option(help: ArgumentHelp("Events each producer sent, with --generated.", valueName: "n"))
    var expected: Int?

    @Flag(help: "Generated events that are out of order are bad data too, with --generated.")
    var inOrder = false

    private struct Answer: Encodable {
        var verify: VerifyReport
        var generated: GeneratedReport?
    }

    func validate() throws {
        guard !generated else { return }
        if expected != nil { throw ValidationError("--expected goes with --generated") }
        if inOrder { throw ValidationError("--in-order goes with --generated") }
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
        let code = exitCode(answer)
        if code != Terminal.ExitCode.done { throw ArgumentParser.ExitCode(code) }
    }

    private func exitCode(_ answer: Answer) -> Int32 {
        if answer.verify.exitCode != Terminal.ExitCode.done { return answer.verify.exitCode }
        return answer.generated.map(isGood) ?? true
            ? Terminal.ExitCode.done : Terminal.ExitCode.badData
    }

    private func isGood(_ generated: GeneratedReport) -> Bool {
        isThere(generated) && generated.isWhole && (generated.isInOrder || !inOrder)
    }

    /// Whether any generated events were found, if some were expected.
    private func isThere(_ generated: GeneratedReport) -> Bool {
        !generated.producers.isEmpty || (expected ?? 0) == 0
    }

    private func check(_ disk: PosixFileSystem) throws -> Answer {
        var check = GeneratedCheck()
        var bar: ProgressBar?
        var done = 0
        let wanted = generated
        var options = Inspection.Verify.Options()
        options.allowsMissing = allowMissing
        var daemon = DaemonWait(directory: directory)
        options.waitForDaemon = { daemon.wait() }
        let report = try Inspection.Verify.run(
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
        lines.append(verdict(answer))
        return lines
    }

    /// `ok` if and only if the exit code is 0.
    private func verdict(_ answer: Answer) -> String {
        guard exitCode(answer) != Terminal.ExitCode.done else { return "ok" }
        var reasons: [String] = []
        let count = answer.verify.findingsTotal
        if count > 0 {
            reasons.append("\(HumanText.grouped(count)) finding\(count == 1 ? "" : "s")")
        }
        if let generated = answer.generated, !isGood(generated) {
            reasons.append(
                !isThere(generated)
                    ? "no generated events" : "generated events are not as they were sent"
            )
        }
        return "NOT ok: " + reasons.joined(separator: ", ")
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
    try printOut(json: try encoder.encode(answer))
}
