import ArgumentParser
import Control

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
