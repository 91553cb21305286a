import ArgumentParser
import Control
import Terminal

/// Prints one line per snapshot, like vmstat, and repeats the heading every screenful.
struct FollowPrinter {
    private static let rowsBetweenHeadings = 20

    private static let table = Table([
        .init("time", widthMin: 8), .init("state", widthMin: 8),
        .init("ev/s", .right, widthMin: 6), .init("MB/s", .right, widthMin: 6),
        .init("in flight", .right), .init("written", .right, widthMin: 8),
        .init("quarantined", .right), .init("ring%", .right), .init("open", .right),
        .init("p99ms", .right, widthMin: 6), .init("ratio", .right), .init("cpu%", .right),
        .init("rss", .right, widthMin: 8),
    ])

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
                try printOut([Self.table.line(Self.cells(StatsFigures(stats, after: previous)))])
            }
            previous = stats
            printed += 1
            if let count, printed >= count { return }
        }
    }

    private static func cells(_ figures: StatsFigures) -> [String] {
        [
            figures.timeOfDay,
            figures.stateText + (figures.isBalanced ? "" : "!"),
            figures.eventsPerSecond.map(HumanText.count) ?? "-",
            figures.bytesPerSecond.map { HumanText.fixed($0 / 1e6, places: 1) } ?? "-",
            HumanText.count(Double(figures.inFlight)),
            HumanText.count(Double(figures.written)),
            HumanText.count(Double(figures.quarantined)),
            figures.ringFill.map { HumanText.percent($0, of: 1) } ?? "-",
            String(figures.openSegments),
            figures.commitP99.map { HumanText.fixed($0, places: 1) } ?? "-",
            figures.ratio.map { HumanText.fixed($0, places: 2) } ?? "-",
            figures.cpu.map { HumanText.percent($0, of: 1) } ?? "-",
            HumanText.bytes(Double(figures.rssBytes)),
        ]
    }
}
