import ArgumentParser
import Terminal

/// The operator's tool.
///
/// Each group of commands that ask the daemon lists its own.
@main struct TouchpointCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "touchpointctl",
        abstract: "Watch and steer a running touchpointd, and work on its data folders.",
        discussion: """
            Without --socket the daemon is looked for at $TOUCHPOINT_SOCKET, then \
            ./touchpoint-data/control.sock, then /run/touchpoint/control.sock.

            Examples:
              touchpointctl status                     how is it doing, and since when
              touchpointctl stats --follow             one line a second, like vmstat
              touchpointctl top                        a full-screen view
              touchpointctl stats --json | jq .ledger  counters for a program
              touchpointctl drain                      write everything, seal, stop
              touchpointctl verify DIR                 is all there, and as it was written
              touchpointctl repair DIR                 save what can be read

            Exit codes: 0 done, 1 not healthy (status) or events not as planned (plan), 64 wrong \
            usage, 65 bad data found, 69 daemon not reachable or not for you, 73 cannot create, \
            74 I/O error, 78 bad plan.
            """,
        version: "touchpointctl \(ProductVersion.number) (\(ProductVersion.build))",
        groupedSubcommands: [
            WatchCommands.group,
            SteerCommands.group,
            CommandGroup(
                name: "Look at data folders",
                subcommands: [VerifyData.self, RepairData.self, CatEvents.self]
            ),
            CommandGroup(
                name: "Say what events are",
                subcommands: [PlanCommands.self, DriftCommand.self]
            ),
            CommandGroup(name: "Encrypt", subcommands: [GenerateKeys.self]),
            ReachCommands.group,
        ]
    )

    static func main() async {
        ProcessArguments.requireReadable(by: "touchpointctl")
        UnknownCommand.refuse(CommandLine.arguments.dropFirst().first, of: Self.self)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            ProcessArguments.end(
                with: fullMessage(for: error),
                code: exitCode(for: error).rawValue
            )
        }
    }
}
