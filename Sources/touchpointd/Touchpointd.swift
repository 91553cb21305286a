import ArgumentParser
import Configuration
import Daemon
import Dispatch
import FoundationEssentials
import Synchronization
import Terminal

/// The collector daemon.
@main
struct Touchpointd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "touchpointd",
        abstract: "Takes events in over ZeroMQ and writes them to partitioned gzip files.",
        discussion: """
            Without a configuration it listens on tcp://127.0.0.1:5571 (PUSH, not acknowledged) \
            and tcp://127.0.0.1:5572 (DEALER or REQ, acknowledged once durable), and writes below \
            ./touchpoint-data.

            SIGTERM or SIGINT drains: intake stops, everything is written and sealed, exit 0. A \
            second one commits and leaves at once. SIGHUP reads the configuration again.

            Examples:
              touchpointd
              touchpointd --config /etc/touchpoint/touchpointd.yaml
              touchpointd --config new.yaml --check

            Exit codes: 0 done, 64 usage, 73 folder, endpoint or socket taken, 74 I/O error, \
            78 bad configuration.
            """,
        version: "touchpointd \(ProductVersion.number) (\(ProductVersion.build))"
    )

    @Option(name: .long, help: ArgumentHelp("The configuration file (YAML).", valueName: "FILE"))
    var config: String?

    @Flag(name: .long, help: "Check the configuration, print all of what is in force, and exit.")
    var check = false

    static func main() {
        ProcessArguments.requireReadable(by: "touchpointd")
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            ProcessArguments.end(
                with: fullMessage(for: error),
                code: exitCode(for: error).rawValue
            )
        }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        DescriptorBudget.raise()
        let settings: Settings
        do {
            settings =
                try config.map { try SettingsReader.load(path: $0, environment: environment) }
                ?? .embeddedDefault
        } catch {
            writeText(ShownText.lines("\(error)") + "\n", to: 2)
            throw ArgumentParser.ExitCode(Terminal.ExitCode.badConfiguration)
        }
        if check { return try show(settings) }
        let daemon = DaemonRun(
            settings: settings,
            configurationPath: config,
            environment: environment
        )
        throw ArgumentParser.ExitCode(Self.wait(for: { await daemon.run() }))
    }

    /// Prints the settings in effect, and the limits that this machine imposes on them.
    private func show(_ settings: Settings) throws {
        do {
            try settings.checkSources()
            try settings.checkPlan()
            let cores = ProcessInfo.processInfo.activeProcessorCount
            for line in try settings.shortfalls(cores: cores) {
                writeText("the limit of open files is low: \(ShownText.line(line))\n", to: 2)
            }
        } catch {
            writeText(ShownText.lines("\(error)") + "\n", to: 2)
            throw ArgumentParser.ExitCode(error.exitCode)
        }
        writeText(settings.yaml(), to: 1)
    }

    /// Runs `work` at the default priority, and waits for it.
    ///
    /// An asynchronous `main` starts tasks at a higher one. libdispatch then asks the system to
    /// prefer some threads, which an ordinary user may not, and logs a warning at each start.
    private static func wait(for work: @escaping @Sendable () async -> Int32) -> Int32 {
        let isDone = DispatchSemaphore(value: 0)
        let code = Mutex<Int32>(0)
        Task.detached(priority: .medium) {
            let result = await work()
            code.withLock { $0 = result }
            isDone.signal()
        }
        isDone.wait()
        return code.withLock { $0 }
    }
}
