import ArgumentParser
import Control
import Terminal

/// The command `touchpointctl status`.
struct Status: VerbCommand {
    static let verb = VerbTable.status
    static let configuration = verb.command(
        abstract: "State, sources, disk and recovery.",
        discussion: """
            The state is one of starting, running, paused (by an operator), blocked (nothing can \
            be stored; goes on by itself) and draining.

            Exit codes: 0 healthy, 1 not: not running, a source that takes nothing in, a ledger \
            that does not add up, recovery that failed, ids that could not be read, a full \
            quarantine; 69 not reachable.

            Examples:
              touchpointctl status
              touchpointctl status --json | jq -r .state
            """
    )

    @OptionGroup var online: OnlineOptions

    func run(on client: ControlClient) async throws {
        let status = try await ask(client)
        guard status.problems.isEmpty else {
            throw ArgumentParser.ExitCode(Terminal.ExitCode.unhealthy)
        }
    }

    func lines(_ status: StatusAnswer) -> [String] {
        var table = Table([.init("touchpointd"), .init(status.version)])
        let why = status.why.map { ": \(shown($0))" } ?? ""
        table.add(["state", "\(status.state.rawValue)\(why)"])
        let problems = status.problems.map(shown).joined(separator: ", ")
        table.add(["healthy", problems.isEmpty ? "yes" : "NO: \(problems)"])
        table.add(["since", status.since])
        table.add(["node", shown(status.node)])
        table.add(["run", status.run])
        table.add(["pid", String(status.pid)])
        table.add(["configuration", status.configuration.map(shown) ?? "built in"])
        if let why = status.reloadRefused { table.add(["", "NOT in force: \(shown(why))"]) }
        for source in status.sources {
            table.add([
                "source \(shown(source.name))",
                "\(source.pattern), \(source.state.rawValue), "
                    + source.endpoints.map(shown).joined(separator: " "),
            ])
            if let problem = source.problem { table.add(["", shown(problem)]) }
        }
        table.add(["data", shown(status.disk.directory)])
        table.add(["disk", Self.disk(status.disk)])
        table.add(["recovery", Self.recovery(status.recovery)])
        table.add(["dedup", Self.dedup(status.dedup)])
        table.add(["quarantine", Self.quarantine(status.quarantine)])
        if status.quarantine.state == "full" { table.add(["", Self.quarantineAdvice]) }
        if let times = status.eventTime { table.add(["event times", Self.eventTimes(times)]) }
        table.add(["ledger", status.ledgerBalanced ? "balanced" : "NOT BALANCED: see stats"])
        return table.lines
    }

    /// Below this number the free inodes are mentioned: a busy hour can use as many.
    private static let fewFiles = 10_000

    private static func disk(_ disk: DiskStatus) -> String {
        let (available, total) = (Double(disk.availableBytes), Double(disk.totalBytes))
        let part = HumanText.percent(available, of: total)
        // Without inodes a disk with gigabytes free reports "no space left".
        let files = disk.availableFiles.map { $0 < fewFiles ? "\($0) inodes left, " : "" } ?? ""
        return "\(HumanText.bytes(available)) of \(HumanText.bytes(total)) available (\(part) %), "
            + "\(files)blocks below \(HumanText.bytes(Double(disk.minimumFreeBytes)))"
    }

    private static func dedup(_ dedup: DedupStatus) -> String {
        guard dedup.state != "off" else { return dedup.state }
        let why = dedup.why.map { " (\(shown($0)))" } ?? ""
        let window = HumanText.duration(seconds: Double(dedup.windowSeconds))
        let covered = HumanText.duration(seconds: Double(dedup.coveredSeconds))
        let reach =
            dedup.coveredSeconds < dedup.windowSeconds
            ? "ONLY THE LAST \(covered) of \(window): memory does not suffice"
            : "of the last \(window)"
        return "\(dedup.state)\(why), \(HumanText.grouped(dedup.ids)) ids \(reach), "
            + "\(HumanText.bytes(Double(dedup.bytes))) of "
            + HumanText.bytes(Double(dedup.maxMemoryBytes))
    }

    private static func eventTimes(_ times: EventTimeStatus) -> String {
        guard times.events > 0 else { return "no events today (UTC)" }
        func span(_ seconds: Int) -> String { HumanText.duration(seconds: Double(seconds)) }
        var parts = ["\(HumanText.grouped(times.events)) events today (UTC)"]
        if let half = times.p50Seconds, let most = times.p99Seconds {
            parts.append("half within \(span(half)), 99 % within \(span(most))")
        }
        if times.lateAfterSeconds > 0 {
            parts.append(
                "\(HumanText.grouped(times.late)) later than \(span(times.lateAfterSeconds))"
            )
        }
        if times.futureSeconds > 0 {
            parts.append(
                "\(HumanText.grouped(times.future)) ahead by more than \(span(times.futureSeconds))"
            )
        }
        parts.append("\(HumanText.grouped(times.untimed)) without a readable time")
        return parts.joined(separator: "; ")
    }

    private static func quarantine(_ quarantine: QuarantineStatus) -> String {
        let bytes = HumanText.bytes(Double(quarantine.bytes))
        let most =
            quarantine.maxBytes > 0 ? HumanText.bytes(Double(quarantine.maxBytes)) : "no limit"
        let age =
            quarantine.maxAgeSeconds > 0
            ? "kept for \(HumanText.duration(seconds: Double(quarantine.maxAgeSeconds)))"
            : "kept for ever"
        let why = quarantine.why.map { "FULL: \(shown($0)); " } ?? ""
        return "\(why)\(bytes) of \(most), \(age)"
    }

    /// The advice for a full quarantine.
    private static let quarantineAdvice =
        "mend the producers that the log names, then move or delete files of quarantine/, or raise "
        + "quarantine.maxBytes"

    private static func recovery(_ recovery: RecoveryStatus) -> String {
        guard recovery.filesFound > 0 else { return recovery.state }
        return "\(recovery.state), \(recovery.filesRecovered) of \(recovery.filesFound) files, "
            + "\(HumanText.grouped(recovery.eventsRecovered)) events"
    }
}
