import ArgumentParser
import Simulation
import Terminal

/// Damages single files, each with its own seed.
struct Damage {
    let tails: Int
    let flips: Int
    let seed: UInt64
    let jobs: Int

    func run() throws {
        if tails > 0 {
            let watch = StopWatch()
            let counts = try run("tails", until: { $0.tails >= tails }) { $0.tearTails() }
            print("torn tails: \(HumanText.grouped(counts.tails)), all right, in \(watch.text)")
        }
        guard flips > 0 else { return }
        let watch = StopWatch()
        let half = flips / 2
        let open = try run("flips", until: { $0.openFlips >= half }) { $0.flipOpen() }
        let sealed = try run("flips", until: { $0.sealedFlips >= flips - half }) { $0.flipSealed() }
        print(
            "flipped bits: \(HumanText.grouped(open.openFlips)) in open files "
                + "(\(HumanText.grouped(open.reported)) reported, "
                + "\(HumanText.grouped(open.harmless)) without effect on any event), "
                + "\(HumanText.grouped(sealed.sealedFlips)) in sealed files, all seen by verify; "
                + "in \(watch.text)"
        )
    }

    private func run(
        _ option: String,
        until isEnough: (DamageExplorer.Counts) -> Bool,
        _ damage: @escaping @Sendable (inout DamageExplorer) -> Void
    ) throws -> DamageExplorer.Counts {
        var total = DamageExplorer.Counts()
        var failure: String?
        let queue = SeedQueue(from: seed) { seed in
            var explorer = DamageExplorer(seed: seed)
            damage(&explorer)
            return (explorer.counts, explorer.violation)
        }
        queue.run(jobs: jobs) { seed, outcome in
            total.add(outcome.0)
            failure = outcome.1.map {
                "FAILED damage, seed \(seed): \($0)\n"
                    + "replay with: crash-explorer --points 0 --seed \(seed) --\(option) 2"
            }
            return failure == nil && !isEnough(total)
        }
        if let failure {
            print(failure)
            throw ArgumentParser.ExitCode(65)
        }
        return total
    }
}
