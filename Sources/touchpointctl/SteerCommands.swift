import ArgumentParser
import Control
import Terminal

/// The command `touchpointctl seal`.
struct Seal: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finish open segments now, so that readers see them.",
        discussion: """
            Returns when the files are complete, on disk and under their final names. A folder that \
            has no open segment is an error; all of none is not.

            Examples:
              touchpointctl seal
              touchpointctl seal channel=web
              touchpointctl seal channel=web/date=2026-11-22
            """
    )

    @OptionGroup var online: OnlineOptions

    @Argument(help: "Only the segments of this folder, such as channel=web.")
    var folder: String?

    func run(on client: ControlClient) async throws {
        let request = try requestLine("seal", folder)
        try await ask(request, on: client, timeout: nil) { (answer: SealAnswer) in
            ["sealed \(answer.sealed) segment\(answer.sealed == 1 ? "" : "s")"]
                + answer.paths.map { "  " + shown($0) }
        }
    }
}

/// A request with at most one argument; a blank in it would make it two.
func requestLine(_ verb: String, _ argument: String?) throws -> String {
    guard let argument else { return verb }
    guard !argument.isEmpty, !argument.contains(where: \.isWhitespace) else {
        throw ValidationError("'\(argument)' must not be empty or contain blanks")
    }
    return "\(verb) \(argument)"
}

/// The command `touchpointctl flush`.
struct Flush: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Commit what was taken in until now; returns when it is on disk.",
        discussion: """
            Segments stay open; use 'seal' to finish them.

            Example:
              touchpointctl flush
            """
    )

    @OptionGroup var online: OnlineOptions

    func run(on client: ControlClient) async throws {
        try await ask("flush", on: client, timeout: nil) { (answer: FlushAnswer) in
            [
                answer.committed
                    ? "committed \(HumanText.grouped(answer.events)) events"
                    : "NOT committed: see 'touchpointctl status'"
            ]
        }
    }
}

/// The command `touchpointctl pause`.
struct Pause: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop intake; producers feel back-pressure, nothing is dropped.",
        discussion: """
            Until 'resume' or the next start of the daemon.

            Examples:
              touchpointctl pause
              touchpointctl pause producers
            """
    )

    @OptionGroup var online: OnlineOptions

    @Argument(help: "Only this source, as named in the configuration.")
    var source: String?

    func run(on client: ControlClient) async throws {
        try await ask(try requestLine("pause", source), on: client, timeout: nil) {
            (answer: StateAnswer) in
            [
                "paused \(source.map { "source \($0)" } ?? "all sources"); "
                    + "the daemon is \(answer.state.rawValue)"
            ]
        }
    }
}

/// The command `touchpointctl resume`.
struct Resume: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start intake again after 'pause'.",
        discussion: """
            Examples:
              touchpointctl resume
              touchpointctl resume producers
            """
    )

    @OptionGroup var online: OnlineOptions

    @Argument(help: "Only this source, as named in the configuration.")
    var source: String?

    func run(on client: ControlClient) async throws {
        try await ask(try requestLine("resume", source), on: client, timeout: nil) {
            (answer: StateAnswer) in
            [
                "resumed \(source.map { "source \($0)" } ?? "all sources"); "
                    + "the daemon is \(answer.state.rawValue)"
            ]
        }
    }
}

/// The command `touchpointctl reload`.
struct Reload: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the configuration file again, as SIGHUP does.",
        discussion: """
            Says what is in force now and what waits for a restart. A file with an error changes \
            nothing.

            Example:
              touchpointctl reload
            """
    )

    @OptionGroup var online: OnlineOptions

    func run(on client: ControlClient) async throws {
        try await ask("reload", on: client, timeout: nil) { (answer: ReloadAnswer) in
            guard !answer.applied.isEmpty || !answer.needsRestart.isEmpty else {
                return ["reloaded: nothing has changed"]
            }
            var lines: [String] = []
            if !answer.applied.isEmpty {
                lines.append("in force now: " + shown(answer.applied.joined(separator: ", ")))
            }
            if !answer.needsRestart.isEmpty {
                lines.append(
                    "after a restart: " + shown(answer.needsRestart.joined(separator: ", "))
                )
            }
            return lines
        }
    }
}

/// The command `touchpointctl log-level`.
struct LogLevel: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Log from this level on.",
        discussion: """
            Levels: debug (each commit, sealed and recovered file), info, notice, warning, error. \
            The level holds until the next start, or until a reload finds another log.level in the \
            file than before. Changing verbs are logged at every level.

            Example:
              touchpointctl log-level debug
            """
    )

    @OptionGroup var online: OnlineOptions

    @Argument(help: "The lowest level that is logged.")
    var level: String

    func run(on client: ControlClient) async throws {
        try await ask(try requestLine("log-level", level), on: client) { (answer: StateAnswer) in
            [
                "log level is \(shown(answer.logLevel ?? level)) until the next start, "
                    + "or a reload with another log.level"
            ]
        }
    }
}

/// The command `touchpointctl drain`.
struct Drain: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop intake, write everything, seal, and end the daemon.",
        discussion: """
            The same as SIGTERM. A service manager may start the daemon again.

            Example:
              touchpointctl drain
            """
    )

    @OptionGroup var online: OnlineOptions

    func run(on client: ControlClient) async throws {
        try await ask("drain", on: client, timeout: nil) { (answer: StateAnswer) in
            ["the daemon is \(answer.state.rawValue) and ends when everything is written"]
        }
    }
}
