import ArgumentParser
import Control

/// The command `touchpointctl seal`.
struct Seal: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finish open segments now, so that readers see them.",
        discussion: """
            Returns when the files are complete, on disk and under their final names. A folder that \
            has no open segment is an error; all of none is not.

            Examples:
              touchpointctl seal
              touchpointctl seal channel=web
              touchpointctl seal channel=web/date=2026-11-22
            """
    )

    @OptionGroup var online: OnlineOptions

    @Argument(help: "Only the segments of this folder, such as channel=web.")
    var folder: String?

    func run(on client: ControlClient) async throws {
        let request = try requestLine("seal", folder)
        try await ask(request, on: client, timeout: nil) { (answer: SealAnswer) in
            ["sealed \(answer.sealed) segment\(answer.sealed == 1 ? "" : "s")"]
                + answer.paths.map { "  " + shown($0) }
        }
    }
}

/// Builds a request with at most one argument; a blank in the argument would make it two.
func requestLine(_ verb: String, _ argument: String?) throws -> String {
    guard let argument else { return verb }
    guard !argument.isEmpty, !argument.contains(where: \.isWhitespace) else {
        throw ValidationError("'\(argument)' must not be empty or contain blanks")
    }
    return "\(verb) \(argument)"
}
