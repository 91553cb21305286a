import ArgumentParser
import Control

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
