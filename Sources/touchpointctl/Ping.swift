import ArgumentParser
import Control

/// The command `touchpointctl ping`.
struct Ping: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask whether the daemon answers; exit code 0 or 69.",
        discussion: """
            Example:
              touchpointctl ping || systemctl status touchpointd
            """
    )

    @OptionGroup var online: OnlineOptions

    func run(on client: ControlClient) async throws {
        try await ask("ping", on: client) { (_: PingAnswer) in ["the daemon answers"] }
    }
}
