import ArgumentParser
import Plan
import PlanFiles
import Terminal

/// The command `touchpointctl plan import`.
struct PlanImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a tracking plan of what another tool has.",
        discussion: """
            segment       a tracking plan of Segment, in either form of its interfaces
            rudderstack   a tracking plan of RudderStack
            iglu          a self-describing schema of Snowplow
            json-schema   a JSON Schema of the properties of one event

            What the short form of a plan cannot say stays as the 'schema' of the event. Properties that \
            are not described are allowed, unless every object says additionalProperties: false.

            Exit codes: 0 done, 65 the document cannot be read, 73 the folder cannot be written, 74 \
            the file cannot be read.

            Example:
              touchpointctl plan import --format segment --output plan tracking-plan.json
            """
    )

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case segment, rudderstack, iglu
        case jsonSchema = "json-schema"
    }

    @Argument(help: "A file of JSON; - for standard input.")
    var file: String

    @Option(help: "segment, rudderstack, iglu or json-schema.")
    var format: Format

    @Option(help: ArgumentHelp("The folder to write, which must not exist.", valueName: "folder"))
    var output: String

    @Option(help: "The name of the plan, or of the event, if the document has none.")
    var name = "imported"

    func run() throws {
        let text: PlanText
        let bytes = try contents(of: file)
        do throws(SchemaError) {
            let made = try PlanImport(
                try SchemaText.parse(bytes),
                as: PlanImport.Form(rawValue: format.rawValue) ?? .jsonSchema,
                name: name
            )
            text = PlanText(made.plan, about: "Made of another tool's plan: name the owners.")
        } catch {
            throw failed("\(file):\(error.line): \(error.message)", Terminal.ExitCode.badData)
        }
        let result = text.result
        if let problem = result.problems.first(where: { !$0.isWarning }) {
            throw failed("\(file): the plan would not hold: \(problem)", Terminal.ExitCode.badData)
        }
        if let failure = text.write(to: output) {
            throw failed(failure, Terminal.ExitCode.cannotCreate)
        }
        let schemas = result.plan.events.count { $0.schema != nil }
        try printOut([
            "\(result.plan.events.count) events, \(schemas) of them with a JSON Schema: plan written to "
                + output
        ])
    }
}
