import ArgumentParser
import Control
import Plan
import PlanFiles
import Terminal

/// The command `touchpointctl drift`.
struct DriftCommand: VerbCommand {
    static let verb = VerbTable.drift
    static let configuration = verb.command(
        abstract:
            "What events have that the tracking plan does not, and unprotected personal data.",
        discussion: """
            Asks the daemon for what it has seen in this run, or, with --data, reads data folders, \
            files of JSON, or -. Of each it tells the kind, the event and the path, how often it was \
            seen, the types of its values, the planned name that differs least, and the place of one \
            line: never a value.

              unplanned_event  the plan does not have the event
              unplanned        it does not have the property
              type             the property has another type
              personal         values look like e-mail or IP addresses or numbers of cards, and
                               no 'privacy' of the plan covers them

            A * marks what may be personal data by its name or by a value. The daemon looks only \
            through events that violate something, and less and less often at the same place; with \
            --data every event is looked through.

            Exit codes: 0 done; 65, 74 data is damaged, or could not be read; 78 the plan cannot be \
            used.

            Examples:
              touchpointctl drift
              touchpointctl drift --json | jq -r '.[] | select(.personal) | .path'
              touchpointctl drift --data /var/lib/touchpoint --plan plan
            """
    )

    @OptionGroup var online: OnlineOptions

    @Option(
        help: ArgumentHelp(
            "Read this data folder, file, or - instead; may be repeated.",
            valueName: "path"
        )
    )
    var data: [String] = []

    @Option(help: ArgumentHelp("Of --data: the folder of the plan.", valueName: "folder"))
    var plan = "plan"

    @Option(help: "Of --data: received at this time or later.", transform: CatEvents.time)
    var from: Int64?

    @Option(help: "Of --data: received before this time.", transform: CatEvents.time)
    var to: Int64?

    func validate() throws {
        guard !data.isEmpty || (from == nil && to == nil) else {
            throw ValidationError("--from and --to need --data")
        }
        if !data.isEmpty, online.json { throw ValidationError("--json is the daemon's answer") }
    }

    mutating func run() async throws {
        guard data.isEmpty else { return try readData() }
        try await connect()
    }

    func lines(_ answer: [DriftAnswer]) -> [String] {
        guard !answer.isEmpty else { return ["no drift"] }
        var table = Self.table()
        for entry in answer {
            table.add(
                Self.cells(
                    entry.event,
                    kind: entry.kind,
                    path: entry.path,
                    isPersonal: entry.personal
                ) + [
                    HumanText.grouped(entry.count), entry.types.joined(separator: " "),
                    entry.nearest.map(shown) ?? "",
                    entry.sample.map { "\(shown(entry.source))/\(shown($0.run))/\($0.seq)" } ?? "",
                    entry.library.map(shown) ?? "",
                ]
            )
        }
        return table.lines
    }

    private static func table() -> Table {
        Table([
            .init("event"), .init("kind"), .init("path"), .init("count", .right), .init("types"),
            .init("did you mean"), .init("line"), .init("library"),
        ])
    }

    private static func cells(
        _ event: String,
        kind: String,
        path: String,
        isPersonal: Bool
    ) -> [String] {
        [event.isEmpty ? "-" : shown(event), shown(kind), shown(path) + (isPersonal ? " *" : "")]
    }

    private func readData() throws {
        let result = PlanFolder.read(plan)
        if let problem = result.problems.first(where: { !$0.isWarning }) {
            throw failed("\(plan)/\(problem)", Terminal.ExitCode.badConfiguration)
        }
        let search: Search
        do throws(SchemaError) {
            search = Search(try DriftBacktest(result.plan))
        } catch {
            throw failed(error.message, Terminal.ExitCode.badConfiguration)
        }
        let code = try EventFiles(paths: data, from: from, to: to).each { bytes, place in
            search.backtest.add(bytes, at: place)
        }
        var table = Self.table()
        let found = search.backtest.found()
        for (key, sighting, nearest) in found {
            let cells = Self.cells(
                key.event.text,
                kind: key.kind.rawValue,
                path: key.path.text,
                isPersonal: sighting.isPersonal
            )
            table.add(
                cells + [
                    HumanText.grouped(sighting.count),
                    sighting.typeNames.joined(separator: " "),
                    nearest.map(shown) ?? "", shown(sighting.line),
                    sighting.library.map(shown) ?? "",
                ]
            )
        }
        try printOut(found.isEmpty ? ["no drift"] : table.lines)
        try printOut(["\(search.backtest.count) events, \(found.count) entries"])
        if search.backtest.unreadable > 0 {
            try printOut(["\(search.backtest.unreadable) lines are not one JSON object"])
        }
        if code != Terminal.ExitCode.done { throw ArgumentParser.ExitCode(code) }
    }
}

/// Owns the search while events are read.
private final class Search {
    var backtest: DriftBacktest

    init(_ backtest: consuming DriftBacktest) {
        self.backtest = backtest
    }
}
