import ArgumentParser
import Control
import Terminal

/// The options of every command that talks to the daemon.
struct OnlineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The daemon's control socket.", valueName: "path"),
        completion: .file(extensions: ["sock"])
    )
    var socket: String?

    @Flag(help: "Print the daemon's answer as JSON, unchanged.")
    var json = false
}

/// A command that sends requests to the daemon: connects, runs, and maps errors to exit codes.
protocol OnlineCommand: AsyncParsableCommand {
    var online: OnlineOptions { get }

    /// Does the command's work on an open connection.
    func run(on client: ControlClient) async throws
}

extension OnlineCommand {
    mutating func run() async throws {
        do {
            let path = SocketLocation.path(given: online.socket)
            let client = try await ControlClient.connect(path: path)
            try await run(on: client)
        } catch let error as ControlClientError {
            printError("\(error)")
            throw ArgumentParser.ExitCode(error.exitCode)
        }
    }

    /// Sends `request`, prints the answer, unchanged with --json, else formatted by `text`, and
    /// returns it.
    @discardableResult
    func ask<Answer: Decodable>(
        _ request: String,
        on client: ControlClient,
        timeout: Duration? = .seconds(10),
        text: (Answer) -> [String]
    ) async throws -> Answer {
        let line = try await client.request(request, timeout: timeout)
        if online.json {
            try printOut(json: line)
            if let refusal = ControlClient.refusal(in: line) {
                throw ArgumentParser.ExitCode(ControlClientError.refused(refusal).exitCode)
            }
            return try ControlClient.decode(line, as: Answer.self, request: request)
        }
        let answer = try ControlClient.decode(line, as: Answer.self, request: request)
        try printOut(text(answer))
        return answer
    }
}

extension ControlClientError {
    /// The exit code that identifies the error for scripts.
    var exitCode: Int32 {
        switch self {
        case .unreachable, .closed, .timedOut: Terminal.ExitCode.unreachable
        case .pathTooLong: Terminal.ExitCode.usage
        case .badAnswer: Terminal.ExitCode.badData
        case .refused(let error):
            switch error.code {
            case ControlError.permissionDeniedCode, ControlError.tooManyConnectionsCode,
                ControlError.unavailableCode:
                Terminal.ExitCode.unreachable
            case ControlError.internalCode: Terminal.ExitCode.ioError
            default: Terminal.ExitCode.usage
            }
        }
    }
}
