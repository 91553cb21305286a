import ArgumentParser
import Simulation
import Terminal

/// Runs each weakening until it is detected.
struct TwinTable {
    let points: Int
    let seed: UInt64
    let jobs: Int

    func run() throws {
        var missed: [String] = []
        print("twins that must be caught:")
        for weakening in Weakening.allCases {
            let (count, violation) = explore(weakening)
            if violation == nil { missed.append(weakening.rawValue) }
            let text = violation.map { "caught at \(count): \($0)" } ?? "NOT caught in \(count)"
            print("  \(weakening.rawValue): \(text)")
        }
        if !missed.isEmpty {
            print("FAILED: not caught: \(missed.joined(separator: ", "))")
            throw ArgumentParser.ExitCode(65)
        }
    }

    private func explore(_ weakening: Weakening) -> (Int, String?) {
        let lives = Lives.explore(points: points, from: seed, jobs: jobs, weakening: weakening)
        // The details in parentheses are for debugging a failure, not for the table.
        let short = lives.violation?.split(separator: " (").first.map(String.init)
        return (lives.counts.points, short.map { "seed \(lives.last), \($0)" })
    }
}
