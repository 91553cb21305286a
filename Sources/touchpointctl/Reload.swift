import ArgumentParser
import Control

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
