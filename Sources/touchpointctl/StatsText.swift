import Control
import Terminal

/// Formats a snapshot as readable tables, for `stats` and `top`.
enum StatsText {
    /// Formats everything, the most important first, because a screen may be short.
    static func lines(_ stats: StatsAnswer, after previous: StatsAnswer? = nil) -> [String] {
        let figures = StatsFigures(stats, after: previous)
        return heading(stats, figures) + [""] + thisRun(stats) + allRuns(stats) + [""]
            + pace(stats, figures) + [""]
            + rings(stats) + channels(stats)
    }

    private static func heading(_ stats: StatsAnswer, _ figures: StatsFigures) -> [String] {
        let balance = figures.isBalanced ? "ledger balanced" : "LEDGER NOT BALANCED"
        let why = stats.why.map { ": \(shown($0))" } ?? ""
        return [
            "\(stats.time)  \(stats.state.rawValue)\(why)  run \(shown(stats.run))  \(balance)"
        ]
    }

    /// Formats the counters of this run.
    private static func thisRun(_ stats: StatsAnswer) -> [String] {
        var table = Table(
            [.init("this run", widthMin: 10), .init("state", .right)]
                + Figure.columns(Ledger.figures) + Figure.columns(SourceStats.figures)
        )
        let total = stats.thisRun ?? stats.ledger
        table.add(["total", ""] + Figure.cells(Ledger.figures, of: total))
        for (name, source) in stats.sources.sorted(by: { $0.key < $1.key }) {
            // A source known only from earlier runs has counted nothing in this one.
            guard source.state != nil || stats.thisRun == nil else { continue }
            table.add(
                [shown(name), source.state?.rawValue ?? "-"]
                    + Figure.cells(Ledger.figures, of: source.thisRun ?? source.ledger)
                    + Figure.cells(SourceStats.figures, of: source)
            )
        }
        let (reused, declined) = (total.reusedIds, total.declined)
        return table.lines
            + (reused > 0 ? ["ids of other events: " + HumanText.grouped(reused)] : [])
            + (declined > 0 ? ["declined: " + HumanText.grouped(declined)] : [])
            + reasons("dropped", total.reasons.dropped)
            + reasons("quarantined", total.reasons.quarantined)
    }

    /// Formats the totals of all runs, from files, if there were earlier runs.
    private static func allRuns(_ stats: StatsAnswer) -> [String] {
        guard let run = stats.thisRun, run != stats.ledger else { return [] }
        let names = ["received", "written", "quarantined"]
        var table = Table([.init("all runs", widthMin: 10)] + names.map { .init($0, .right) })
        func add(_ name: String, _ ledger: Ledger) {
            table.add(
                [name]
                    + [ledger.received, ledger.written, ledger.quarantined].map(HumanText.grouped)
            )
        }
        add("total", stats.ledger)
        for (name, source) in stats.sources.sorted(by: { $0.key < $1.key }) {
            add(shown(name), source.ledger)
        }
        return [""] + table.lines
    }

    private static func reasons(_ name: String, _ counts: [String: Int]) -> [String] {
        let found = counts.filter { $0.value > 0 }.sorted { $0.value > $1.value }
        guard !found.isEmpty else { return [] }
        let parts = found.map { "\(shown($0.key)) \(HumanText.grouped($0.value))" }
        return ["\(name): " + parts.joined(separator: ", ")]
    }

    private static func pace(_ stats: StatsAnswer, _ figures: StatsFigures) -> [String] {
        let rates = ["1s", "10s", "60s"].compactMap { span in
            stats.rates[span].map {
                "\(span) \(HumanText.countRate(perSecond: $0.events)) "
                    + HumanText.byteRate(perSecond: $0.bytes)
            }
        }
        let cpu =
            figures.cpu.map { HumanText.percent($0, of: 1) + " %" }
            ?? HumanText.duration(seconds: stats.process.cpuSeconds)
        var table = Table([.init("intake"), .init(rates.joined(separator: "   "))])
        table.add(["commit", commits(stats.commit)])
        table.add([
            "storage",
            "\(HumanText.bytes(Double(stats.bytes.raw))) raw, "
                + "\(HumanText.bytes(Double(stats.bytes.compressed))) compressed, "
                + "ratio \(figures.ratio.map { HumanText.fixed($0, places: 2) } ?? "-"), "
                + "\(stats.openSegments) open segments",
        ])
        table.add([
            "answers",
            "\(HumanText.grouped(stats.acknowledgements.sent)) sent, "
                + "\(HumanText.grouped(stats.acknowledgements.dropped)) could not be sent",
        ])
        if stats.dedup.state != "off" {
            table.add([
                "dedup",
                "\(HumanText.grouped(stats.dedup.ids)) ids, "
                    + "\(HumanText.bytes(Double(stats.dedup.bytes))), "
                    + "\(HumanText.grouped(stats.dedup.forgotten)) forgotten before their time, "
                    + "\(HumanText.grouped(stats.dedup.waitingAnswers)) answers wait",
            ])
        }
        table.add(["process", "CPU \(cpu), memory \(HumanText.bytes(Double(figures.rssBytes)))"])
        return table.lines
    }

    private static func commits(_ commit: CommitStats) -> String {
        let count = "\(HumanText.grouped(commit.count)) times"
        guard commit.recent != 0 else { return "\(count); none in the last 10 s" }
        let times = [commit.p50us, commit.p99us, commit.p999us, commit.maxus].map {
            HumanText.duration(seconds: Double($0) / 1e6)
        }
        return "\(count); in the last 10 s p50 \(times[0]), p99 \(times[1]), "
            + "p99.9 \(times[2]), max \(times[3])"
    }

    private static func rings(_ stats: StatsAnswer) -> [String] {
        guard !stats.rings.isEmpty || !stats.writers.isEmpty else { return [] }
        var rings = Table(
            [.init("ring of", widthMin: 10), .init("writer", .right)]
                + Figure.columns(RingStats.figures)
        )
        for (index, ring) in stats.rings.enumerated() {
            let name = ring.source.map(shown) ?? String(index)
            rings.add(
                [name, ring.writer.map(String.init) ?? "-"]
                    + Figure.cells(RingStats.figures, of: ring)
            )
        }
        var writers = Table([
            .init("writer", .right), .init("events", .right), .init("open segments", .right),
        ])
        for (index, writer) in stats.writers.enumerated() {
            writers.add([
                String(index), HumanText.grouped(writer.events), String(writer.openSegments),
            ])
        }
        return rings.lines + [""] + writers.lines + [""]
    }

    private static func channels(_ stats: StatsAnswer) -> [String] {
        var table = Table([.init("channel", widthMin: 10), .init("events", .right)])
        let busiest = stats.channels.sorted {
            ($1.value.events, $0.key) < ($0.value.events, $1.key)
        }
        for (name, channel) in busiest {
            table.add([shown(name), HumanText.grouped(channel.events)])
        }
        return table.lines
    }
}
