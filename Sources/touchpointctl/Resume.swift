import ArgumentParser
import Control

/// The command `touchpointctl resume`.
struct Resume: OnlineCommand {
    static let configuration = CommandConfiguration(
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

    func run(on client: ControlClient) async throws {
        try await ask(try requestLine("resume", source), on: client, timeout: nil) {
            (answer: StateAnswer) in
            [
                "resumed \(source.map { "source \($0)" } ?? "all sources"); "
                    + "the daemon is \(answer.state.rawValue)"
            ]
        }
    }
}
