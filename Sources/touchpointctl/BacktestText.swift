import Plan
import Terminal

/// The result of a backtest, for people.
enum BacktestText {
    /// - `plan`: names who answers for the events.
    static func lines(_ backtest: borrowing PlanBacktest, _ plan: PlanDefinition) -> [String] {
        func count(_ verdict: PlanVerdict) -> Int { verdicts[verdict, default: 0] }
        let verdicts = backtest.verdicts
        var lines = [
            "\(backtest.count) events: \(count(.allow)) allowed, \(count(.annotate)) annotated, "
                + "\(count(.quarantine)) quarantined"
        ]
        if backtest.unreadable > 0 {
            lines.append("\(backtest.unreadable) lines are not one JSON object")
        }
        return lines + findings(backtest, plan)
    }

    /// What was found, as a table.
    static func findings(
        _ backtest: borrowing PlanBacktest,
        _ plan: PlanDefinition
    ) -> [String] {
        guard !backtest.findings.isEmpty else { return [] }
        let owners = Dictionary(
            plan.events.map { (MemberName($0.name), $0.owner) }
        ) { first, _ in first }
        var table = Table([
            .init("event"), .init("kind"), .init("path"), .init("verdict"), .init("owner"),
            .init("count", .right), .init("lines"),
        ])
        let sorted = backtest.findings.sorted { left, right in
            (-left.value.count, left.key.event, left.key.kind, left.key.path)
                < (-right.value.count, right.key.event, right.key.kind, right.key.path)
        }
        for (finding, tally) in sorted {
            table.add([
                finding.event.isEmpty ? "-" : shown(finding.event), finding.kind,
                shown(finding.path), tally.verdict.rawValue,
                owners[MemberName(finding.event)].map(shown) ?? "", "\(tally.count)",
                tally.places.map(shown).joined(separator: ", "),
            ])
        }
        var lines = table.lines
        if backtest.others > 0 { lines.append("\(backtest.others) further violations") }
        return lines
    }
}
