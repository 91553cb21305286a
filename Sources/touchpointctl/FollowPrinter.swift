import ArgumentParser
import Control
import Terminal

/// Prints one line per snapshot, like vmstat, and repeats the heading every screenful.
struct FollowPrinter {
    private static let rowsBetweenHeadings = 20

    /// A column: its heading and its cell.
    private static let columns: [(Table.Column, @Sendable (StatsFigures) -> String)] = [
        (.init("time", widthMin: 8), { $0.timeOfDay }),
        (.init("state", widthMin: 8), { $0.stateText + ($0.isBalanced ? "" : "!") }),
        (
            .init("ev/s", .right, widthMin: 6),
            { $0.eventsPerSecond.map(HumanText.count) ?? "-" }
        ),
        (
            .init("MB/s", .right, widthMin: 6),
            { $0.bytesPerSecond.map { HumanText.fixed($0 / 1e6, places: 1) } ?? "-" }
        ),
        (.init("in flight", .right), { HumanText.count(Double($0.inFlight)) }),
        (.init("written", .right, widthMin: 8), { HumanText.count(Double($0.written)) }),
        (.init("quarantined", .right), { HumanText.count(Double($0.quarantined)) }),
        (.init("ring%", .right), { $0.ringFill.map { HumanText.percent($0, of: 1) } ?? "-" }),
        (.init("open", .right), { String($0.openSegments) }),
        (
            .init("p99ms", .right, widthMin: 6),
            { $0.commitP99.map { HumanText.fixed($0, places: 1) } ?? "-" }
        ),
        (.init("ratio", .right), { $0.ratio.map { HumanText.fixed($0, places: 2) } ?? "-" }),
        (.init("cpu%", .right), { $0.cpu.map { HumanText.percent($0, of: 1) } ?? "-" }),
        (.init("rss", .right, widthMin: 8), { HumanText.bytes(Double($0.rssBytes)) }),
    ]

    private static let table = Table(columns.map(\.0))

    let json: Bool
    let count: Int?

    /// Follows until `count` lines are printed or the daemon ends the connection.
    func run(on client: ControlClient, interval: FollowInterval) async throws {
        var printed = 0
        var previous: StatsAnswer?
        for try await line in client.lines(interval.request) {
            let stats = try ControlClient.decode(
                line,
                as: StatsAnswer.self,
                request: "stats follow"
            )
            if json {
                try printOut(json: line)
            } else {
                if printed.isMultiple(of: Self.rowsBetweenHeadings) {
                    try printOut([Self.table.heading])
                }
                let figures = StatsFigures(stats, after: previous)
                try printOut([Self.table.line(Self.columns.map { $1(figures) })])
            }
            previous = stats
            printed += 1
            if let count, printed >= count { return }
        }
    }
}
