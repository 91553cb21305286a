import ArgumentParser
import Control

/// The command `touchpointctl stats`.
struct Stats: VerbCommand {
    static let verb = VerbTable.stats
    static let configuration = verb.command(
        abstract: "All counters, once or every interval.",
        discussion: """
            With --follow a line every interval: events and megabytes a second, events in flight, \
            written and quarantined so far, the fullest ring, open segments, the 99th percentile \
            of commit time in the last 10 seconds, compression ratio, CPU and memory.

            Examples:
              touchpointctl stats
              touchpointctl stats --follow --interval 5s
              touchpointctl stats --follow --count 10 --json > ten-seconds.ndjson
            """
    )

    @OptionGroup var online: OnlineOptions

    @Flag(help: "Print a line every interval until interrupted.")
    var follow = false

    @OptionGroup var pace: PaceOptions

    @Option(help: ArgumentHelp("Stop after this many lines (with --follow).", valueName: "n"))
    var count: Int?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be 1 or more") }
        if count != nil, !follow { throw ValidationError("--count goes with --follow") }
    }

    func run(on client: ControlClient) async throws {
        guard follow else {
            try await ask(client)
            return
        }
        try await FollowPrinter(json: online.json, count: count)
            .run(on: client, interval: pace.interval)
    }

    func lines(_ answer: StatsAnswer) -> [String] { StatsText.lines(answer) }
}

/// The options for the interval of a view.
struct PaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Time between snapshots: 500ms, 1s, 2m.", valueName: "time"),
        transform: { try FollowInterval.parse($0) }
    )
    var interval: FollowInterval = .standard
}
