import ArgumentParser
import Keys
import Producer

/// The program's arguments, and their meaning.
struct SendOptions: ParsableArguments {
    @Argument(
        help: """
            Files of JSON objects, also gzip: NDJSON, pretty-printed, arrays; '-' or none is \
            standard input.
            """
    )
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

    @Option(help: "Events a message, at most.")
    var batch = 1

    @Option(
        help: "Bytes a message, at most (KiB, MiB): the collector's limits.message, or less."
    )
    var maxMessage = ByteCount(bytes: 4092 << 10)

    @Flag(help: "Send each line as an event, whatever it holds.")
    var lines = false

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

    @Option(
        help: "Dealer: send a message again when unanswered for this long; then twice as long, …"
    )
    var retryAfter = Patience(duration: .seconds(1))

    @Option(help: "Dealer: append the id of each acknowledged event to this file.")
    var acknowledgedLog: String?

    @Option(
        help: ArgumentHelp(
            """
            Encrypt with CURVE, and accept only the collector with this public key: 40 characters \
            of Z85, or its public certificate (NAME.key).
            """,
            valueName: "key-or-file"
        )
    )
    var curve: String?

    @Option(
        help: ArgumentHelp(
            """
            CURVE: this producer's secret certificate (NAME.key_secret), which 'touchpointctl \
            keygen NAME' makes.
            """,
            valueName: "file"
        )
    )
    var curveKey: String?

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        let counts = [
            ("--batch", batch), ("--window", window), ("--repeat", `repeat`),
            ("--producers", producers), ("--size", size), ("--channels", channels),
            ("--generate", generate ?? 1),
        ]
        for (name, count) in counts where count < 1 {
            throw ValidationError("'\(name)' must be at least 1, not \(count).")
        }
        if let rate, !(rate > 0) { throw ValidationError("'--rate' must be above 0.") }
        if lines, generate != nil { throw ValidationError("'--lines' needs files.") }
        if generate != nil, !files.isEmpty {
            throw ValidationError("'--generate' takes no files.")
        }
        if `repeat` > 1, files.isEmpty || files.contains("-") {
            throw ValidationError("'--repeat' needs files: standard input is read once only.")
        }
        if acknowledgedLog != nil, pattern != .dealer {
            throw ValidationError("'--acknowledged-log' needs '--pattern dealer'.")
        }
        if curve != nil, curveKey == nil {
            throw ValidationError(
                "'--curve' needs '--curve-key FILE': make this producer's keys with "
                    + "'touchpointctl keygen NAME'."
            )
        }
        if curve == nil, curveKey != nil {
            throw ValidationError(
                "'--curve-key' needs '--curve' with the collector's public key: without it "
                    + "nothing would be encrypted."
            )
        }
    }

    /// The options of publishing, with the keys read from their files.
    func configuration() throws(KeyFileError) -> Sender.Configuration {
        let standard = pattern == .dealer ? "tcp://127.0.0.1:5572" : "tcp://127.0.0.1:5571"
        var configuration = Sender.Configuration(pattern: pattern, endpoint: to ?? standard)
        configuration.binds = bind
        configuration.batch = batch
        configuration.messageBytesMax = maxMessage.bytes
        configuration.window = window
        configuration.eventsPerSecond = rate
        configuration.timeout = timeout.duration
        configuration.retryAfter = retryAfter.duration
        configuration.topic = topic
        configuration.acknowledgedLog = acknowledgedLog
        configuration.curve = try credentials()
        return configuration
    }

    private func credentials() throws(KeyFileError) -> CurveCredentials? {
        guard let curve, let curveKey else { return nil }
        return CurveCredentials(
            serverKey: try CertificateFile.publicKey(curve),
            keys: try CertificateFile.loadSecret(curveKey)
        )
    }

    /// The options of reading files.
    var reading: FileSource.Reading {
        var reading = FileSource.Reading()
        reading.rounds = `repeat`
        reading.isByLine = lines
        reading.objectBytesMax = maxMessage.bytes
        return reading
    }

    /// The options of generating events; nil if files are sent.
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

/// A duration in the configuration file's notation: `500ms`, `30s`, `5m`, `1h`.
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

/// A number of bytes in the configuration file's notation: `4MiB`, `64KiB`, `1000`.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
    /// The largest value: messages are kept in memory, so it is far below a ZeroMQ frame's limit.
    private static let bytesMax = 1 << 30

    let bytes: Int

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let units: [(String, Int)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1),
        ]
        guard let (unit, factor) = units.first(where: { argument.hasSuffix($0.0) }),
            let number = Int(argument.dropLast(unit.count)), number > 0,
            number <= Self.bytesMax / factor
        else { return nil }
        bytes = number * factor
    }

    var description: String { bytes % 1024 == 0 ? "\(bytes >> 10)KiB" : "\(bytes)" }
}
