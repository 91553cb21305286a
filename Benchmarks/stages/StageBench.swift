import ArgumentParser
import Terminal

/// Measures the cost of each step of event processing.
@main
struct StageBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage-bench",
        abstract: "Measures the stages of an event's way, each by itself.",
        discussion: """
            Without options it runs all stages in turn, round after round, and prints medians. \
            The inputs are the same \(EventInputs.count) generated events of about \
            \(EventInputs.eventBytes) bytes in every run. "against" is the median of the ratios to \
            the stage below it, round by round: less than 1 is faster than the one in C++.

            With --stage and --iterations it runs one stage so many times and nothing else, and \
            prints how many events, records or commits that were. Nothing in it depends on a clock \
            or on chance, so what it does can be counted:

              valgrind --tool=callgrind stage-bench --stage parse --iterations 20

            Start-up cancels out in the difference between 40 iterations and 20. Stages with \
            threads take turns as the system likes; counting their instructions says nothing.

            The commit stage works in a folder below TMPDIR: let it be on the disk you mean.

            STAGES
            \(StageEntry.all.map { "  \($0.name): \($0.text)" }.joined(separator: "\n"))
            """
    )

    @Option(help: "Only this stage, or several: --stage parse --stage splice.")
    var stage: [String] = []
    @Option(help: "Run the one stage so many times, without measuring time.")
    var iterations: Int?
    @Option(help: "Rounds of the table.")
    var rounds = 7

    mutating func validate() throws {
        for name in stage where StageEntry.named(name) == nil {
            let names = StageEntry.all.map(\.name).joined(separator: " ")
            throw ValidationError("There is no stage '\(name)'. There are: \(names)")
        }
        if let iterations, iterations < 1 || stage.count != 1 {
            throw ValidationError("--iterations takes a number from 1, and exactly one --stage.")
        }
        if rounds < 1 { throw ValidationError("--rounds must be at least 1.") }
    }

    func run() throws {
        let entries = stage.isEmpty ? StageEntry.all : stage.compactMap(StageEntry.named)
        if let iterations, let entry = entries.first {
            let check = try entry.make().run(iterations)
            let units = iterations * entry.unitsPerIteration
            print("\(entry.name): \(units) \(entry.unit.rawValue)s, check \(check)")
            return
        }
        let table = try StageTable(entries, rounds: rounds)
        let mean = EventInputs.singleBytes / EventInputs.count
        print("events of \(mean) bytes, lines of \(EventInputs.lines.count / EventInputs.count)")
        print("median of \(rounds) rounds, stages in turn")
        for line in table.lines { print(line) }
    }
}
