import ArgumentParser
import Plan
import PlanFiles
import Terminal

/// The command `touchpointctl plan diff`.
struct PlanDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say what changed between two plans, and which version that asks for.",
        discussion: """
            Each change is one of three: a model changes what events must be, so that those of before \
            may all fail (an event or property removed, one more required property, other types, \
            another unit); a revision may fail some of them (fewer types or values, tighter bounds, a \
            format, a pattern, a schema, a stricter verdict); an addition fails none (an event, an \
            optional property, more types or values). With a change the new version must be higher \
            than the old one. Texts for people (descriptions, owners) are no changes.

            With --data both plans are tried on events that are there already: it tells how many met \
            the old plan and would be annotated or quarantined by the new one, and why.

            Exit codes: 0 the version is high enough, 1 it is too low, 78 a plan cannot be used.

            Examples:
              touchpointctl plan diff plan-of-main plan
              git worktree add ../before main && touchpointctl plan diff ../before/plan plan
              touchpointctl plan diff plan-of-main plan --data /var/lib/touchpoint
            """
    )

    @Argument(help: "The folder of the old plan.")
    var old: String

    @Argument(help: "The folder of the new plan.")
    var new: String

    @Option(
        help: ArgumentHelp(
            "Try both plans on the events of this data folder, file, or -; may be repeated.",
            valueName: "path"
        )
    )
    var data: [String] = []

    @Option(help: "Of --data: received at this time or later.", transform: CatEvents.time)
    var from: Int64?

    @Option(help: "Of --data: received before this time.", transform: CatEvents.time)
    var to: Int64?

    func validate() throws {
        guard !data.isEmpty || (from == nil && to == nil) else {
            throw ValidationError("--from and --to need --data")
        }
    }

    func run() throws {
        let before = try plan(old)
        let after = try plan(new)
        if !data.isEmpty { try tryOut(before, after) }
        let diff = PlanDiff(from: before, to: after)
        let ranked = diff.changes.enumerated().sorted { left, right in
            left.element.rank == right.element.rank
                ? left.offset < right.offset : left.element.rank > right.element.rank
        }
        try printOut(ranked.map { "\($0.element.rank.rawValue): \($0.element.text)" })
        guard after.version >= diff.versionMin else {
            try printOut(["NOT ok: version is \(after.version), raise it to \(diff.versionMin)"])
            throw ArgumentParser.ExitCode(Terminal.ExitCode.unhealthy)
        }
        try printOut(["ok: \(diff.changes.count) changes, version \(after.version)"])
    }

    /// Tells what of real events the new plan would not accept any more.
    private func tryOut(_ before: PlanDefinition, _ after: PlanDefinition) throws {
        let trial: DoubleTrial
        do throws(SchemaError) {
            trial = DoubleTrial(
                before: try PlanBacktest(before, placesMax: 0),
                after: try PlanBacktest(after, placesMax: 3)
            )
        } catch {
            throw failed(error.message, Terminal.ExitCode.badConfiguration)
        }
        let code = try EventFiles(paths: data, from: from, to: to).each { bytes, place in
            // What the old plan did not accept tells nothing about the change.
            if trial.before.add(bytes, at: place) == .allow { trial.after.add(bytes, at: place) }
        }
        let worse = trial.after.verdicts
        try printOut(
            [
                "\(trial.before.count) events, \(trial.after.count) met the old plan; of these the new "
                    + "one annotates \(worse[.annotate, default: 0]) and quarantines "
                    + "\(worse[.quarantine, default: 0])"
            ] + BacktestText.findings(trial.after, after)
        )
        if code != Terminal.ExitCode.done { throw ArgumentParser.ExitCode(code) }
    }

    private func plan(_ folder: String) throws -> PlanDefinition {
        let result = PlanFolder.read(folder)
        guard let problem = result.problems.first(where: { !$0.isWarning }) else {
            return result.plan
        }
        throw failed("\(folder)/\(problem)", Terminal.ExitCode.badConfiguration)
    }
}

/// Owns two backtests while events are read.
private final class DoubleTrial {
    var before: PlanBacktest
    var after: PlanBacktest

    init(before: consuming PlanBacktest, after: consuming PlanBacktest) {
        self.before = before
        self.after = after
    }
}
