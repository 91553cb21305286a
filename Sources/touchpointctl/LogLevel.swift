import ArgumentParser
import Control

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
