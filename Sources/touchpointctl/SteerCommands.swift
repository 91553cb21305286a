import ArgumentParser
import Control
import Terminal

/// The commands that change something in the daemon.
enum SteerCommands {
    static let group = CommandGroup(
        name: "Steer",
        subcommands: [
            Seal.self, Flush.self, Pause.self, Resume.self, Reload.self, LogLevel.self, Drain.self,
        ]
    )
}

/// The command `touchpointctl seal`.
struct Seal: VerbCommand {
    static let verb = VerbTable.seal
    static let configuration = verb.command(
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

    var argument: String? { folder }

    func lines(_ answer: SealAnswer) -> [String] {
        ["sealed \(answer.sealed) segment\(answer.sealed == 1 ? "" : "s")"]
            + answer.paths.map { "  " + shown($0) }
    }
}

/// The command `touchpointctl flush`.
struct Flush: VerbCommand {
    static let verb = VerbTable.flush
    static let configuration = verb.command(
        abstract: "Commit what was taken in until now; returns when it is on disk.",
        discussion: """
            Segments stay open; use 'seal' to finish them.

            Example:
              touchpointctl flush
            """
    )

    @OptionGroup var online: OnlineOptions

    func lines(_ answer: FlushAnswer) -> [String] {
        [
            answer.committed
                ? "committed \(HumanText.grouped(answer.events)) events"
                : "NOT committed: see 'touchpointctl status'"
        ]
    }
}

/// The command `touchpointctl pause`.
struct Pause: VerbCommand {
    static let verb = VerbTable.pause
    static let configuration = verb.command(
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

    var argument: String? { source }

    func lines(_ answer: StateAnswer) -> [String] {
        [
            "paused \(source.map { "source \($0)" } ?? "all sources"); "
                + "the daemon is \(answer.state.rawValue)"
        ]
    }
}

/// The command `touchpointctl resume`.
struct Resume: VerbCommand {
    static let verb = VerbTable.resume
    static let configuration = verb.command(
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

    var argument: String? { source }

    func lines(_ answer: StateAnswer) -> [String] {
        [
            "resumed \(source.map { "source \($0)" } ?? "all sources"); "
                + "the daemon is \(answer.state.rawValue)"
        ]
    }
}

/// The command `touchpointctl reload`.
struct Reload: VerbCommand {
    static let verb = VerbTable.reload
    static let configuration = verb.command(
        abstract: "Read the configuration file again, as SIGHUP does.",
        discussion: """
            Says what is in force now and what waits for a restart. A file with an error changes \
            nothing.

            Example:
              touchpointctl reload
            """
    )

    @OptionGroup var online: OnlineOptions

    func lines(_ answer: ReloadAnswer) -> [String] {
        guard !answer.applied.isEmpty || !answer.needsRestart.isEmpty else {
            return ["reloaded: nothing has changed"]
        }
        var lines: [String] = []
        if !answer.applied.isEmpty {
            lines.append("in force now: " + shown(answer.applied.joined(separator: ", ")))
        }
        if !answer.needsRestart.isEmpty {
            lines.append("after a restart: " + shown(answer.needsRestart.joined(separator: ", ")))
        }
        return lines
    }
}

/// The command `touchpointctl log-level`.
struct LogLevel: VerbCommand {
    static let verb = VerbTable.logLevel
    static let configuration = verb.command(
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

    var argument: String? { level }

    func lines(_ answer: StateAnswer) -> [String] {
        [
            "log level is \(shown(answer.logLevel ?? level)) until the next start, "
                + "or a reload with another log.level"
        ]
    }
}

/// The command `touchpointctl drain`.
struct Drain: VerbCommand {
    static let verb = VerbTable.drain
    static let configuration = verb.command(
        abstract: "Stop intake, write everything, seal, and end the daemon.",
        discussion: """
            The same as SIGTERM. A service manager may start the daemon again.

            Example:
              touchpointctl drain
            """
    )

    @OptionGroup var online: OnlineOptions

    func lines(_ answer: StateAnswer) -> [String] {
        ["the daemon is \(answer.state.rawValue) and ends when everything is written"]
    }
}
