import ArgumentParser
import Events
import Plan
import Terminal

/// The commands `touchpointctl plan …`.
struct PlanCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Learn, check, compare and exchange tracking plans; only status needs a daemon.",
        subcommands: [
            PlanInferCommand.self, PlanCheckCommand.self, PlanDiffCommand.self, PlanValidate.self,
            PlanStatusCommand.self, PlanExportCommand.self, PlanImportCommand.self,
        ]
    )
}

/// The command `touchpointctl plan validate`.
struct PlanValidate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check JSON values against a JSON Schema, as the daemon would.",
        discussion: """
            The schema is draft-07 or 2020-12, as its $schema says, else as --draft says. What is not \
            supported ($id below the root, anchors, references to other documents, unevaluated…, \
            vocabularies, look-around in a pattern) is refused by name and line, and nothing is \
            checked. Prints the first 8 violations: what kind and which path, never a value.

            Exit codes: 0 every value is valid, 65 one is not, or is not JSON, 74 a file cannot be \
            read, 78 the schema is refused.

            Examples:
              touchpointctl plan validate --schema order.schema.json --instance order.json
              touchpointctl plan validate --schema s.json --lines --instance events.ndjson
            """
    )

    @Option(help: ArgumentHelp("The schema, a file of JSON.", valueName: "file"))
    var schema: String

    @Option(
        help: ArgumentHelp("The value, a file of JSON; - for standard input.", valueName: "file")
    )
    var instance: String

    @Option(help: "The draft of a schema without $schema: 7 or 2020-12.")
    var draft = "2020-12"

    @Flag(help: "Every line of the instance is a value.")
    var lines = false

    @Flag(help: "'format' is a rule, as in a tracking plan, and not only an annotation.")
    var formats = false

    func validate() throws {
        guard SchemaDialect(rawValue: draft) != nil else {
            throw ValidationError("--draft is 7 or 2020-12")
        }
    }

    func run() throws {
        let compiled = try compile()
        let bytes = try contents(of: instance)
        var check = SchemaCheck()
        var isValid = true
        var answers: [String] = []
        bytes.withUnsafeBytes { bytes in
            if !lines { return isValid = add(check.check(bytes, compiled), at: "", to: &answers) }
            var number = 0
            for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            {
                number += 1
                guard !line.isEmpty else { continue }
                let text = UnsafeRawBufferPointer(rebasing: line)
                let isGood = add(check.check(text, compiled), at: "line \(number): ", to: &answers)
                isValid = isValid && isGood
            }
        }
        try printOut(answers)
        if !isValid { throw ArgumentParser.ExitCode(Terminal.ExitCode.badData) }
    }

    private func compile() throws -> Schema {
        let bytes = try contents(of: schema)
        do throws(SchemaError) {
            return try Schema(
                try SchemaText.parse(bytes),
                dialect: SchemaDialect(rawValue: draft) ?? .draft2020,
                checksFormats: formats
            )
        } catch {
            throw failed(
                "\(schema):\(error.line): \(error.message)",
                Terminal.ExitCode.badConfiguration
            )
        }
    }

    /// Adds the answer for a value; returns whether it is valid.
    private func add(
        _ verdict: SchemaCheck.Verdict,
        at place: String,
        to answers: inout [String]
    ) -> Bool {
        switch verdict {
        case .valid:
            answers.append("\(place)valid")
            return true
        case .unreadable(let offset):
            answers.append("\(place)not JSON from byte \(offset) on")
        case .invalid(let count, let violations):
            var texts = violations.map(\.description)
            if count > texts.count { texts.append("more \(count - texts.count)") }
            answers.append("\(place)invalid: \(texts.joined(separator: ", "))")
        }
        return false
    }
}
