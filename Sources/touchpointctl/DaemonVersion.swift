import ArgumentParser
import Control

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
