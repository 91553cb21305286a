import ArgumentParser
import Control
import Terminal

/// The commands that ask whether the daemon is there, and what it is.
enum ReachCommands {
    static let group = CommandGroup(name: "Reach", subcommands: [Ping.self, DaemonVersion.self])
}

/// The command `touchpointctl ping`.
struct Ping: VerbCommand {
    static let verb = VerbTable.ping
    static let configuration = verb.command(
        abstract: "Ask whether the daemon answers; exit code 0 or 69.",
        discussion: """
            Example:
              touchpointctl ping || systemctl status touchpointd
            """
    )

    @OptionGroup var online: OnlineOptions

    func lines(_ answer: PingAnswer) -> [String] { ["the daemon answers"] }
}

/// The command `touchpointctl version`.
struct DaemonVersion: VerbCommand {
    static let verb = VerbTable.version
    static let configuration = verb.command(
        abstract: "Version and build of the running daemon.",
        discussion: """
            With --build also the compiler and the libraries, and first what touchpointctl itself \
            is, with or without a daemon.

            Examples:
              touchpointctl version --json
              touchpointctl version --build
            """
    )

    @OptionGroup var online: OnlineOptions

    @Flag(help: "Print versions of the compiler and of libraries too.")
    var build = false

    func run() async throws {
        if build, !online.json {
            let own = "\(ProductVersion.number) (\(ProductVersion.build))"
            try printOut(["touchpointctl \(own), Swift \(ProductVersion.swift)"])
        }
        try await connect()
    }

    func run(on client: ControlClient) async throws {
        guard build else {
            try await ask(client)
            return
        }
        try await ask(client, VerbTable.build) { answer in
            let libraries = answer.libraries.sorted { $0.key < $1.key }
                .map { ", \(shown($0.key)) \(shown($0.value))" }.joined()
            return [
                "touchpointd \(shown(answer.version)) (\(shown(answer.build))), "
                    + "Swift \(shown(answer.swift))\(libraries)"
            ]
        }
    }

    func lines(_ answer: VersionAnswer) -> [String] {
        ["touchpointd \(shown(answer.version)) (\(shown(answer.build)))"]
    }
}
