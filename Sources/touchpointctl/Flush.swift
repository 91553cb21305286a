import ArgumentParser
import Control
import Terminal

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
