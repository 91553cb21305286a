import ArgumentParser
import Control

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
            Example:
              touchpointctl version --json
            """
    )

    @OptionGroup var online: OnlineOptions

    func lines(_ answer: VersionAnswer) -> [String] {
        ["touchpointd \(shown(answer.version)) (\(shown(answer.build)))"]
    }
}
