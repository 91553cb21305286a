import ArgumentParser
import Plan
import PlanFiles
import Terminal

/// The command `touchpointctl plan check`.
struct PlanCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the folder of a tracking plan.",
        discussion: """
            Reads plan.yaml, glossary.yaml and events/*.yaml, and reports every problem with its file \
            and line: what cannot be read, unknown keys, rules that no value meets, schemas and \
            patterns that are not supported. A plan without such problems is reviewed: names that \
            differ only in case and separators, spellings that the glossary replaces, names of \
            personal data without 'privacy', events without a description. Those are warnings.

            With --data the plan is also tried on events that are there already: a data folder, files \
            of JSON, or -. It tells how many would have been allowed, annotated and quarantined, and \
            by event, kind and path why, with places of some lines (source/run/number, or file and \
            line), never a value. Nothing is changed.

            Exit codes: 0 the plan can be used, and nothing would be quarantined; 1 events would be \
            quarantined; 65, 74 data is damaged, or could not be read; 78 the plan cannot be used.

            Examples:
              touchpointctl plan check plan
              touchpointctl plan check --strict plan    warnings are errors, as in a pipeline
              touchpointctl plan check plan --data /var/lib/touchpoint --from 2026-11-22T00:00:00Z
            """
    )

    @Argument(help: "The folder of the plan.")
    var directory = "plan"

    @Flag(help: "Warnings are errors.")
    var strict = false

    @Option(
        help: ArgumentHelp(
            "Try the plan on the events of this data folder, file, or -; may be repeated.",
            valueName: "path"
        )
    )
    var data: [String] = []

    @Option(help: "Of --data: received at this time or later.", transform: CatEvents.time)
    var from: Int64?

    @Option(help: "Of --data: received before this time.", transform: CatEvents.time)
    var to: Int64?

    @Option(help: "Of --data: places of lines per finding, at most 100.")
    var examples = 3

    func validate() throws {
        guard (0...100).contains(examples) else { throw ValidationError("--examples is 0 to 100") }
        guard !data.isEmpty || (from == nil && to == nil) else {
            throw ValidationError("--from and --to need --data")
        }
    }

    func run() throws {
        let result = PlanFolder.read(directory)
        var lines = result.problems.map(\.description)
        let warnings = result.problems.count(where: \.isWarning)
        let isGood = result.isUsable && (!strict || warnings == 0)
        if result.isUsable {
            let plan = result.plan
            lines.append(
                "plan '\(plan.name)', version \(plan.version): \(plan.events.count) events, "
                    + "\(plan.terms.count) terms, \(warnings) warnings"
            )
        }
        lines.append(isGood ? "ok" : "NOT ok")
        try printOut(lines)
        if !isGood { throw ArgumentParser.ExitCode(Terminal.ExitCode.badConfiguration) }
        if !data.isEmpty { try tryOut(result.plan) }
    }

    private func tryOut(_ plan: PlanDefinition) throws {
        let trial: Trial
        do throws(SchemaError) {
            trial = Trial(try PlanBacktest(plan, placesMax: examples))
        } catch {
            throw failed(error.message, Terminal.ExitCode.badConfiguration)
        }
        let code = try EventFiles(paths: data, from: from, to: to).each { bytes, place in
            trial.backtest.add(bytes, at: place)
        }
        try printOut(BacktestText.lines(trial.backtest, plan))
        if code != Terminal.ExitCode.done { throw ArgumentParser.ExitCode(code) }
        if trial.backtest.verdicts[.quarantine, default: 0] > 0 {
            throw ArgumentParser.ExitCode(Terminal.ExitCode.unhealthy)
        }
    }
}

/// Owns the backtest while events are read.
private final class Trial {
    var backtest: PlanBacktest

    init(_ backtest: consuming PlanBacktest) {
        self.backtest = backtest
    }
}
