import ArgumentParser
import Control
import Terminal

/// The command `touchpointctl plan status`.
struct PlanStatusCommand: VerbCommand {
    static let verb = VerbTable.plan
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "The plan in force in the daemon, and what was seen of its events.",
        discussion: """
            Of each event: who answers for it, how many were received in this run, how many of them \
            were written with violations (warned) and how many are in quarantine, their bytes as \
            sent, and when the last one was received. An event of the plan that never came has 0. \
            Events that no plan had are the last line.

            Examples:
              touchpointctl plan status
              touchpointctl plan status --json | jq -r '.events[] | select(.seen == 0) | .event'
            """
    )

    @OptionGroup var online: OnlineOptions

    func lines(_ answer: PlanAnswer) -> [String] {
        let head =
            "plan '\(shown(answer.plan))', version \(answer.version), mode \(shown(answer.mode)), "
            + "read \(shown(answer.loadedAt))"
        var table = Table([
            .init("event"), .init("owner"), .init("seen", .right), .init("ok", .right),
            .init("warned", .right), .init("quarantined", .right), .init("bytes", .right),
            .init("last seen"),
        ])
        for event in answer.events {
            table.add([shown(event.event), shown(event.owner)] + Self.cells(event.counts))
        }
        table.add(["(unplanned)", ""] + Self.cells(answer.unplanned))
        return [head] + table.lines
    }

    private static func cells(_ counts: PlanAnswer.Counts) -> [String] {
        [
            HumanText.grouped(counts.seen), HumanText.grouped(counts.ok),
            HumanText.grouped(counts.warned), HumanText.grouped(counts.quarantined),
            HumanText.bytes(Double(counts.bytes)), counts.lastSeen.map(shown) ?? "never",
        ]
    }
}
