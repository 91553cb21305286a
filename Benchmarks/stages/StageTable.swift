import Foundation
import Terminal

/// Measures stages side by side: every round runs each of them once, because machines change speed.
struct StageTable {
    let entries: [StageEntry]
    /// Nanoseconds per iteration, by stage and round.
    private(set) var times: [[Double]]

    /// Runs `rounds` rounds, after one warm-up round.
    init(_ entries: [StageEntry], rounds: Int) throws {
        self.entries = entries
        times = entries.map { _ in [] }
        let runners = try entries.map { try $0.make() }
        let clock = ContinuousClock()
        for round in 0...rounds {
            for (at, runner) in runners.enumerated() {
                let iterations = entries[at].iterationsPerRound
                var result = 0
                let time = try clock.measure { result = try runner.run(iterations) }
                precondition(result != 0, "stage '\(entries[at].name)' did nothing")
                guard round > 0 else { continue }
                times[at].append(time / .nanoseconds(1) / Double(iterations))
            }
        }
    }

    var lines: [String] {
        var table = Table([
            .init("stage"), .init("ns each", .right), .init("each"), .init("MB/s", .right),
            .init("against", .right), .init("what it does"),
        ])
        for (at, entry) in entries.enumerated() {
            let nanoseconds = Self.median(times[at])
            table.add([
                entry.name,
                Self.text(nanoseconds / Double(entry.unitsPerIteration)),
                entry.unit.rawValue,
                Self.text(Double(entry.bytes) / nanoseconds * 1000),
                ratio(at).map { String(format: "%.2f ×", $0) } ?? "",
                entry.text,
            ])
        }
        return table.lines
    }

    /// Returns the median, over rounds, of a stage's time divided by its reference's.
    private func ratio(_ at: Int) -> Double? {
        guard let name = entries[at].reference,
            let reference = entries.firstIndex(where: { $0.name == name })
        else { return nil }
        return Self.median(zip(times[at], times[reference]).map { $0 / $1 })
    }

    private static func text(_ value: Double) -> String {
        value < 1000 ? String(format: "%.1f", value) : HumanText.grouped(Int(value.rounded()))
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? .nan : values.sorted()[values.count / 2]
    }
}
