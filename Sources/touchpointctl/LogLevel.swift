import ArgumentParser
import Control

/// The command `touchpointctl log-level`.
struct LogLevel: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Log from this level on, until the next start.",
        discussion: """
            Levels: trace, debug, info, notice, warning, error, critical.

            Example:
              touchpointctl log-level debug
            """
    )

    @OptionGroup var online: OnlineOptions

    @Argument(help: "The lowest level that is logged.")
    var level: String

    func run(on client: ControlClient) async throws {
        try await ask(try requestLine("log-level", level), on: client) { (answer: StateAnswer) in
            ["log level is \(shown(answer.logLevel ?? level)) until the next start"]
        }
    }
}
