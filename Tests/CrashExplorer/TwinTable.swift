import ArgumentParser
import Simulation
import Terminal

/// Runs each weakening until it is caught.
struct TwinTable {
    let points: Int
    let seed: UInt64

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
        var count = 0
        var next = seed
        while count < points {
            let explorer = CrashExplorer(seed: next, weakening: weakening)
            explorer.run()
            count += explorer.counts.points
            if let violation = explorer.violation {
                // How it came to it is for those who hunt a failure, not for the table.
                let short = violation.split(separator: " (").first.map(String.init) ?? violation
                return (count, "seed \(next), \(short)")
            }
            next += 1
        }
        return (count, nil)
    }
}
