import ArgumentParser
import Plan
import PlanFiles
import Terminal

/// The command `touchpointctl plan export`.
struct PlanExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print a tracking plan for people, or for other tools.",
        discussion: """
            markdown, html   a page: events, owners, properties, glossary
            json-schema      one JSON Schema (2020-12) that an event meets if it meets the plan; \
            'format' is a rule only for validators that assert it
            csv              a row per property, for spreadsheets; what begins like a formula has a ' \
            in front

            Exit codes: 0 done, 78 the plan cannot be used, or not be exported.

            Examples:
              touchpointctl plan export --format html plan > plan.html
              touchpointctl plan export --format json-schema plan > plan.schema.json
            """
    )

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case markdown, html, csv
        case jsonSchema = "json-schema"
    }

    @Argument(help: "The folder of the plan.")
    var directory = "plan"

    @Option(help: "markdown, html, csv or json-schema.")
    var format = Format.markdown

    func run() throws {
        let result = PlanFolder.read(directory)
        if let problem = result.problems.first(where: { !$0.isWarning }) {
            throw failed("\(directory)/\(problem)", Terminal.ExitCode.badConfiguration)
        }
        try printOut(document: try text(of: result.plan))
    }

    private func text(of plan: PlanDefinition) throws -> String {
        switch format {
        case .markdown: return PlanPage(plan, as: .markdown).text
        case .html: return PlanPage(plan, as: .html).text
        case .csv: return PlanSheet(plan).text
        case .jsonSchema:
            do throws(SchemaError) {
                return try PlanSchema(plan).json
            } catch {
                throw failed("\(directory): \(error.message)", Terminal.ExitCode.badConfiguration)
            }
        }
    }
}
