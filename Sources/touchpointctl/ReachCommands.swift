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

/// The command `touchpointctl version`.
struct DaemonVersion: OnlineCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Version and build of the running daemon.",
        discussion: """
            Example:
              touchpointctl version --json
            """
    )

    @OptionGroup var online: OnlineOptions

    func run(on client: ControlClient) async throws {
        try await ask("version", on: client) { (answer: VersionAnswer) in
            ["touchpointd \(shown(answer.version)) (\(shown(answer.build)))"]
        }
    }
}
