import ArgumentParser
import Plan
import PlanFiles
import Terminal

/// The command `touchpointctl plan infer`.
struct PlanInferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer",
        abstract: "Learn a tracking plan from events.",
        discussion: """
            Reads data folders, files of JSON (gzip too) and - for standard input, and writes a plan \
            of what they hold: the events by name, their properties with types and formats, and what \
            to look at. It is a start: people name the owners and say what the events mean.

            A property is required if all of at least 100 objects have it. It has a type if it was \
            seen 20 times, and a format if all of at least 20 texts have it. It has values if at \
            least 100 texts are at most 12 different ones, each seen 20 times, and its name does not \
            end in id. Whole numbers are integers from 100 on. The members of an object inside a \
            property are described only if few are new: those seen once are at most 2 % of the \
            objects. A property with the same rule in three events becomes a term of the glossary. \
            Comments name what may be personal data; its values are never written.

            Names and properties that are not in the plan are allowed if more of them are to be \
            expected: those seen once are more than 1 % of the events. So a plan accepts what it was \
            learned from. What it cannot describe (events without a name, what is beyond the limits \
            of a plan) is named and counted on standard error.

            Exit codes: 0 done, 65 something could not be read, 73 the folder cannot be written, 74 a \
            file could not be read.

            Examples:
              touchpointctl plan infer --output plan /var/lib/touchpoint
              touchpointctl plan infer --from 2026-11-22T00:00:00Z data | less
              zcat events.ndjson.gz | touchpointctl plan infer --output plan -
              touchpointctl plan check plan                 what to look at first
              touchpointctl plan check plan --data data     what it would have said
            """
    )

    @Argument(help: "Data folders, files of events, or - for standard input.")
    var data: [String]

    @Option(help: "Received at this time (RFC 3339) or later.", transform: CatEvents.time)
    var from: Int64?

    @Option(help: "Received before this time (RFC 3339).", transform: CatEvents.time)
    var to: Int64?

    @Option(
        help: ArgumentHelp(
            "The folder to write, new or empty; without it the files are printed.",
            valueName: "dir"
        )
    )
    var output: String?

    @Option(help: "The name of the plan.")
    var name = "plan"

    func run() throws {
        let learner = Learner()
        let code = try EventFiles(paths: data, from: from, to: to).each { bytes, _ in
            learner.inference.add(bytes)
        }
        let inferred = InferredPlan(learner.inference)
        let text = PlanText(inferred, name: name)
        if let problem = text.result.problems.first(where: { !$0.isWarning }) {
            throw failed(
                "the plan does not hold: \(problem); report this",
                Terminal.ExitCode.badData
            )
        }
        if let output {
            if let failure = text.write(to: output) {
                throw failed(failure, Terminal.ExitCode.cannotCreate)
            }
        } else {
            for file in text.files {
                let lines = file.text.split(separator: "\n").map(String.init)
                try printOut(["# --- \(file.name)"] + lines)
            }
        }
        let seen = "\(learner.inference.count) events, \(inferred.events.count) names"
        for line in inferred.leftOut { printError("left out: \(line)") }
        if let output { try printOut(["\(seen): plan written to \(output)"]) }
        if code != Terminal.ExitCode.done { throw ArgumentParser.ExitCode(code) }
    }
}

/// Owns the inference while events are read.
private final class Learner {
    var inference = PlanInference()
}
