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

            Exit codes: 0 the version is high enough, 1 it is too low, 78 a plan cannot be used.

            Examples:
              touchpointctl plan diff plan-of-main plan
              git worktree add ../before main && touchpointctl plan diff ../before/plan plan
            """
    )

    @Argument(help: "The folder of the old plan.")
    var old: String

    @Argument(help: "The folder of the new plan.")
    var new: String

    func run() throws {
        let before = try plan(old)
        let after = try plan(new)
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

    private func plan(_ folder: String) throws -> PlanDefinition {
        let result = PlanFolder.read(folder)
        guard let problem = result.problems.first(where: { !$0.isWarning }) else {
            return result.plan
        }
        throw failed("\(folder)/\(problem)", Terminal.ExitCode.badConfiguration)
    }
}
