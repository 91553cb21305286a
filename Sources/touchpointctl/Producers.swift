import ArgumentParser
import Control
import Terminal

/// The command `touchpointctl producers`.
struct Producers: VerbCommand {
    static let verb = VerbTable.producers
    static let configuration = verb.command(
        abstract: "Who sends: each key or address with its events, bytes and refusals.",
        discussion: """
            A producer is a key of a source with curve, else an address. Counts are of this
            run. The state is open, or tells why less is taken from a producer now:

              rate             it sends more than limits.perProducer allows per second
              quota            it has sent more than limits.perProducer.diskPerDay
              quarantine_full  it has used up quarantine.perProducer

            Examples:
              touchpointctl producers
              touchpointctl producers reliable --sort quarantined --most 10
              touchpointctl producers --json | jq -r '.producers[].name'
            """
    )

    enum Order: String, CaseIterable, ExpressibleByArgument {
        case name, connections, messages, bytes, events, quarantined, duplicates, answers, refusal
    }

    @OptionGroup var online: OnlineOptions

    @Argument(help: "Only the producers of this source.")
    var source: String?

    @Option(help: "Sort by this column; numbers and the last refusal with the largest first.")
    var sort: Order = .bytes

    @Option(help: "Show at most so many.")
    var most: Int?

    var argument: String? { source }

    func validate() throws {
        if let most, most < 1 { throw ValidationError("--most needs a number of 1 or more") }
    }

    func lines(_ answer: ProducersAnswer) -> [String] {
        let sorted = answer.producers.sorted(by: isBefore)
        let shownRows = sorted.prefix(most ?? sorted.count)
        var table = Table(
            [.init("source"), .init("producer"), .init("state")]
                + Figure.columns(ProducerStats.figures)
                + [.init("connected since"), .init("last refusal")]
        )
        for producer in shownRows {
            table.add(
                [shown(producer.source), Self.name(producer), shown(producer.state)]
                    + Figure.cells(ProducerStats.figures, of: producer)
                    + [
                        producer.connections.since.map(shown) ?? "-",
                        producer.refusal.map { shown("\($0.reason) \($0.at)") } ?? "-",
                    ]
            )
        }
        let left = sorted.count - shownRows.count
        return table.lines + (left > 0 ? ["and \(HumanText.grouped(left)) more"] : [])
    }

    private static func name(_ producer: ProducerStats) -> String {
        producer.kind == "others" ? "(others)" : shown(producer.name)
    }

    private func isBefore(_ one: ProducerStats, _ other: ProducerStats) -> Bool {
        let names = (one.source, one.name) < (other.source, other.name)
        if sort == .name { return names }
        if sort == .refusal {
            let (first, second) = (one.refusal?.at ?? "", other.refusal?.at ?? "")
            return first == second ? names : first > second
        }
        let column = ProducerStats.figures.first { $0.column == sort.rawValue }
        guard let path = column?.path else { return names }
        let (first, second) = (one[keyPath: path], other[keyPath: path])
        return first == second ? names : first > second
    }
}
