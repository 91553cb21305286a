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
    mutating func run() async throws { try await connect() }

    /// Opens the connection and does the command's work on it.
    func connect() async throws {
        do {
            let path = try SocketLocation.path(given: online.socket)
            let client = try await ControlClient.connect(path: path) { peer in
                SocketLocation.mayAnswer(peer, on: path)
            }
            try await run(on: client)
        } catch let error as ControlClientError {
            printError("\(error)")
            throw ArgumentParser.ExitCode(error.exitCode)
        }
    }
}

/// A command that asks one verb of ``VerbTable`` and prints what it answers.
protocol VerbCommand: OnlineCommand {
    associatedtype Answer: Codable & Sendable

    static var verb: TypedVerb<Answer> { get }
    /// What follows the verb in the request.
    var argument: String? { get }

    /// The answer as text.
    func lines(_ answer: Answer) -> [String]
}

extension VerbCommand {
    var argument: String? { nil }

    func run(on client: ControlClient) async throws { try await ask(client) }

    /// Asks the command's verb and returns the answer.
    @discardableResult
    func ask(_ client: ControlClient) async throws -> Answer {
        try await ask(client, Self.verb, argument: argument, text: lines)
    }
}

extension OnlineCommand {
    /// Sends a request and prints the answer: as it came with --json, else as `text` says it; returns
    /// the answer.
    @discardableResult
    func ask<Answer>(
        _ client: ControlClient,
        _ verb: TypedVerb<Answer>,
        argument: String? = nil,
        text: (Answer) -> [String]
    ) async throws -> Answer {
        let request = try verb.verb.request(argument)
        let line = try await client.request(request, timeout: verb.verb.patience)
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

extension TypedVerb {
    /// The command of that name, with its own help.
    func command(abstract: String, discussion: String) -> CommandConfiguration {
        CommandConfiguration(commandName: name, abstract: abstract, discussion: discussion)
    }
}

extension Verb {
    /// A request with at most one argument; a blank in it would make it two.
    fileprivate func request(_ argument: String?) throws -> String {
        guard let argument else { return name }
        guard !argument.isEmpty, !argument.contains(where: \.isWhitespace) else {
            throw ValidationError("'\(argument)' must not be empty or contain blanks")
        }
        return "\(name) \(argument)"
    }
}

extension ControlClientError {
    /// The exit code that identifies the error for scripts.
    var exitCode: Int32 {
        switch self {
        case .unreachable, .closed, .timedOut: Terminal.ExitCode.unreachable
        case .notOwn, .notDaemons, .pathTooLong: Terminal.ExitCode.usage
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
