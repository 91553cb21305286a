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

            Exit codes: 0 the plan can be used, 78 it cannot.

            Examples:
              touchpointctl plan check plan
              touchpointctl plan check --strict plan    warnings are errors, as in a pipeline
            """
    )

    @Argument(help: "The folder of the plan.")
    var directory = "plan"

    @Flag(help: "Warnings are errors.")
    var strict = false

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
    }
}
