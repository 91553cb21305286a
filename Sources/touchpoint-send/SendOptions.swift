import ArgumentParser
import Foundation
import Producer

/// What was typed, and what it means.
struct SendOptions: ParsableArguments {
    @Argument(help: "NDJSON files; '-' or none is standard input.")
    var files: [String] = []

    @Option(
        help: """
            Where to publish (default: tcp://127.0.0.1:5571, with dealer tcp://127.0.0.1:5572).
            """
    )
    var to: String?

    @Option(help: "push, dealer (acknowledged) or pub.")
    var pattern: Sender.Configuration.Pattern = .push

    @Flag(help: "Listen at the endpoint, for collectors that connect.")
    var bind = false

    @Option(help: "Lines a message.")
    var batch = 1

    @Option(help: "Dealer: messages in flight without an answer.")
    var window = 64

    @Option(help: "Events a second; without it as fast as it goes.")
    var rate: Double?

    @Option(help: "How many times the files are sent.")
    var `repeat` = 1

    @Option(help: "Send this many generated events instead of files.")
    var generate: Int?

    @Option(help: "Generated: producers that take turns.")
    var producers = 1

    @Option(help: "Generated: about how many bytes an event has.")
    var size = 465

    @Option(help: "Generated: the channel.")
    var channel = "web"

    @Option(help: "Generated: how many channels take turns, named CHANNEL-1, CHANNEL-2, …")
    var channels = 1

    @Option(help: "Pub: the topic, a frame before the payload.")
    var topic = ""

    @Option(help: "Give up when nothing goes on for this long (ms, s, m, h).")
    var timeout = Patience(duration: .seconds(30))

    @Option(help: "Dealer: send a message again when unanswered for this long.")
    var retryAfter = Patience(duration: .seconds(5))

    @Option(help: "Dealer: append the id of each acknowledged event to this file.")
    var acknowledgedLog: String?

    @Flag(help: "Print the summary as JSON.")
    var json = false

    mutating func validate() throws {
        let counts = [
            ("--batch", batch), ("--window", window), ("--repeat", `repeat`),
            ("--producers", producers), ("--size", size), ("--channels", channels),
            ("--generate", generate ?? 1),
        ]
        for (name, count) in counts where count < 1 {
            throw ValidationError("'\(name)' must be at least 1, not \(count).")
        }
        if let rate, !(rate > 0) { throw ValidationError("'--rate' must be above 0.") }
        if generate != nil, !files.isEmpty {
            throw ValidationError("'--generate' takes no files.")
        }
        if `repeat` > 1, files.isEmpty || files.contains("-") {
            throw ValidationError("'--repeat' needs files: standard input is read once only.")
        }
        if acknowledgedLog != nil, pattern != .dealer {
            throw ValidationError("'--acknowledged-log' needs '--pattern dealer'.")
        }
    }

    /// How to publish.
    var configuration: Sender.Configuration {
        let standard = pattern == .dealer ? "tcp://127.0.0.1:5572" : "tcp://127.0.0.1:5571"
        var configuration = Sender.Configuration(pattern: pattern, endpoint: to ?? standard)
        configuration.binds = bind
        configuration.batch = batch
        configuration.window = window
        configuration.eventsPerSecond = rate
        configuration.timeout = timeout.duration
        configuration.retryAfter = retryAfter.duration
        configuration.topic = topic
        configuration.acknowledgedLog = acknowledgedLog
        return configuration
    }

    /// What to generate; nil when files are sent.
    var generatedEvents: GeneratedEvents.Configuration? {
        guard let generate else { return nil }
        var configuration = GeneratedEvents.Configuration(count: generate)
        configuration.producers = producers
        configuration.eventBytes = size
        configuration.channels =
            channels == 1 ? [channel] : (1...channels).map { "\(channel)-\($0)" }
        return configuration
    }
}

extension Sender.Configuration.Pattern: ExpressibleByArgument {}

/// A duration as the configuration file spells it: `500ms`, `30s`, `5m`, `1h`.
struct Patience: ExpressibleByArgument, CustomStringConvertible {
    let duration: Duration

    init(duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        for (unit, seconds) in units where argument.hasSuffix(unit) {
            guard let number = Double(argument.dropLast(unit.count)), number > 0, number < 1e6
            else { return nil }
            duration = .seconds(number * seconds)
            return
        }
        return nil
    }

    var description: String { "\(Int(duration / .seconds(1)))s" }
}
