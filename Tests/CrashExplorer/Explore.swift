import ArgumentParser
import Foundation
import Simulation
import Terminal

/// Crashes a simulated collector at every call that changes its disk.
@main
struct Explore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash-explorer",
        abstract: "Crashes a collector on a simulated disk, recovers it, and checks what is left.",
        discussion: """
            Each seed is one life of a collector: one to three runs after each other that write, commit, \
            seal and recover, with errors of the disk in some. Before every call that changes the \
            disk it is crashed: killed, or its power cut, with whatever no sync has covered kept, \
            lost, reordered or torn. Recovery then runs, often interrupted or with errors of its \
            own, and a last time to its end. Then every acknowledged event must be there once, byte \
            for byte, nothing else may be, and every file must agree with its manifest line.

            Further it tears single files at every byte, flips bits in them, and recovers a folder \
            with many open files on the real disk (below TMPDIR).

            The twins are the same with one step left out or done too early. Each must be caught: \
            that shows that the check can fail.

            A line that begins with FAILED names the seed; --replay SEED runs that one alone. What \
            comes out does not depend on the number of threads.
            """
    )

    @Option(help: "Crash points to look at.")
    var points = 100_000
    @Option(help: "The first seed; each next life has the next one.")
    var seed: UInt64 = 1
    @Option(help: "Crash points within which each twin must be caught; 0 leaves them out.")
    var twins = 100_000
    @Option(help: "Torn tails, over every byte offset of one file after the other.")
    var tails = 300_000
    @Option(help: "Flipped bits, one half in open files, one in sealed ones.")
    var flips = 10_000
    @Option(help: "Threads, as many as there are cores unless given.")
    var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Open files on the real disk.")
    var files = 10_000
    @Option(help: "Only the life of this seed, once.")
    var replay: UInt64?

    mutating func validate() throws {
        guard min(points, twins, tails, flips, files) >= 0 else {
            throw ValidationError("Numbers must not be negative.")
        }
        guard jobs > 0 else { throw ValidationError("At least one thread has to work.") }
    }

    func run() throws {
        if let replay {
            let explorer = CrashExplorer(seed: replay)
            explorer.run()
            report(explorer.counts)
            guard let violation = explorer.violation else { return print("seed \(replay): ok") }
            print("FAILED seed \(replay): \(violation)")
            throw ArgumentParser.ExitCode(65)
        }
        if points > 0 { try explore() }
        try Damage(tails: tails, flips: flips, seed: seed, jobs: jobs).run()
        if files > 0 { try ManyFiles(number: files).run() }
        if twins > 0 { try TwinTable(points: twins, seed: seed, jobs: jobs).run() }
    }

    private func explore() throws {
        let watch = StopWatch()
        var told = 0.0
        let result = Lives.explore(points: points, from: seed, jobs: jobs) { counts, next in
            if watch.seconds - told >= 10 {
                told = watch.seconds
                let rate = Int(Double(counts.points) / told)
                print("… \(HumanText.grouped(counts.points)) crash points, \(rate)/s, seed \(next)")
                fflush(nil)
            }
        }
        if let violation = result.violation {
            print("FAILED seed \(result.last): \(violation)")
            print("replay with: crash-explorer --replay \(result.last)")
            throw ArgumentParser.ExitCode(65)
        }
        let rate = Int(Double(result.counts.points) / watch.seconds)
        print(
            "crash points: \(HumanText.grouped(result.counts.points)) of seeds \(seed) to "
                + "\(result.last) in \(watch.text), \(HumanText.grouped(rate))/s, 0 violations"
        )
        report(result.counts)
    }

    private func report(_ counts: CrashExplorer.Counts) {
        let parts = [
            (counts.powerCuts, "power cuts"), (counts.kills, "kills"),
            (counts.interruptedRecoveries, "interrupted recoveries"),
            (counts.faultyRecoveries, "recoveries with an error"),
            (counts.faultyRuns, "runs with an error"), (counts.flippedBits, "flipped bits"),
            (counts.alarms, "files kept aside for lost bytes that nobody was told are safe"),
            (counts.written, "events written"), (counts.acknowledged, "acknowledged"),
        ]
        for (number, text) in parts { print("  \(HumanText.grouped(number)) \(text)") }
    }
}

/// The seconds since its creation.
struct StopWatch {
    private let start = ContinuousClock.now

    var seconds: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    var text: String { "\(Int(seconds.rounded(.up))) s" }
}
