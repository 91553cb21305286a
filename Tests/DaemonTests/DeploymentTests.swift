import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Daemon

@Suite struct DeploymentTests {
    private let unit = "deploy/systemd/touchpointd.service"

    @Test func systemdFindsNothingWrongWithTheUnit() throws {
        guard let tool = Tool.find("systemd-analyze") else { return }
        let text = try Repository.text(Repository.path(unit))
        #expect(text.contains("ExecStart=/usr/bin/touchpointd --config "))
        try TemporaryFolder.with { folder in
            let copy = "\(folder)/touchpointd.service"
            try Self.withTruth(text).write(
                toFile: copy,
                atomically: true,
                encoding: .utf8
            )
            let result = try Tool.run(tool, ["verify", copy])
            #expect(result.output == "")
            #expect(result.code == 0)
        }
    }

    @Test func systemdWouldFindAMistakeInTheUnit() throws {
        guard let tool = Tool.find("systemd-analyze") else { return }
        let text = try Repository.text(Repository.path(unit))
        try TemporaryFolder.with { folder in
            let copy = "\(folder)/touchpointd.service"
            try Self.withTruth(text)
                .replacing("WatchdogSec=30", with: "WatchdogSecs=30").write(
                    toFile: copy,
                    atomically: true,
                    encoding: .utf8
                )
            #expect(try Tool.run(tool, ["verify", copy]).output.contains("WatchdogSecs"))
        }
    }

    /// In tenths; systemd rates what a service could still do.
    private static let exposureMax = 11

    @Test(arguments: [
        ("", ""), ("IPAddressDeny=any\n", ""), ("NoNewPrivileges=yes\n", ""),
        ("CapabilityBoundingSet=\n", ""), ("ProtectSystem=strict", "ProtectSystem=full"),
    ])
    func unitLeavesLittleExposed(line: String, worse: String) throws {
        guard let tool = Tool.find("systemd-analyze") else { return }
        let text = try Repository.text(Repository.path(unit))
        let isAsShipped = line.isEmpty
        #expect(isAsShipped || text.contains(line))
        try TemporaryFolder.with { folder in
            let copy = "\(folder)/touchpointd.service"
            try (isAsShipped ? text : text.replacing(line, with: worse))
                .write(toFile: copy, atomically: true, encoding: .utf8)
            let result = try Tool.run(
                tool,
                [
                    "security", "--offline=true", "--no-pager",
                    "--threshold=\(Self.exposureMax)", copy,
                ]
            )
            #expect(result.output.contains("Overall exposure level"))
            #expect((result.code == 0) == isAsShipped, "\(result.output)")
        }
    }

    @Test func unitLetsTheGroupReadWhatIsWritten() throws {
        // The data folder's mode decides, not the mask that the daemon is started with.
        let text = try Repository.text(Repository.path(unit))
        let match = try #require(text.firstMatch(of: /(?m)^StateDirectoryMode=(\d+)$/))
        let mode = try #require(mode_t(match.output.1, radix: 8))
        #expect(0o750 & FileRights.mask(of: mode) == 0)
        #expect(FileRights.mask(of: 0o700) == 0o077 && FileRights.mask(of: 0o740) == 0o077)
        #expect(FileRights.mask(of: 0o755) == 0o027)
        #expect(text.contains("\nUMask=0077\n"))
    }

    @Test func unitKeepsCrashesShortAndToItself() throws {
        let text = try Repository.text(Repository.path(unit))
        #expect(text.contains("\nLimitCORE=0\n"))
        #expect(text.contains("\nEnvironment=SWIFT_BACKTRACE=enable=no\n"))
        #expect(text.contains("\nNoExecPaths=/ /var/lib/touchpoint /run/touchpoint "))
        #expect(text.contains("\nExecPaths=/usr\n"))
    }

    /// The programs are not installed here; their absence is not an error of the unit.
    private static func withTruth(_ text: String) -> String {
        text.replacing(/\/usr\/bin\/touchpoint(d|ctl)/, with: "/bin/true")
    }

    @Test func userFileIsAccepted() throws {
        guard let tool = Tool.find("systemd-sysusers") else { return }
        try TemporaryFolder.with { folder in
            let file = Repository.path("deploy/sysusers.d/touchpoint.conf")
            let result = try Tool.run(tool, ["--root=\(folder)", "--dry-run", file])
            #expect(result.code == 0, "\(result.output)")
            #expect(result.output.contains("Creating user 'touchpoint'"))
        }
    }

    @Test func unitLeavesTimeForTheDefaultShutdown() throws {
        let text = try Repository.text(Repository.path(unit))
        let match = try #require(text.firstMatch(of: /(?m)^TimeoutStopSec=(\d+)$/))
        let seconds = try #require(Int(match.output.1))
        #expect(.seconds(seconds) > Settings().shutdown.timeout)
    }

    @Test func unitLetsLibzmqDoWhatItAbortsWithout() throws {
        // libzmq lists interfaces before a tcp bind, and sets the policy of its own threads: where
        // one fails, it ends the process by an assertion.
        let text = try Repository.text(Repository.path(unit))
        #expect(text.contains("\nSystemCallFilter=~sched_setscheduler:0 setpriority:0\n"))
        let families = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("RestrictAddressFamilies=") }
        )
        for family in ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"] {
            #expect(families.split(whereSeparator: " =".contains).contains { $0 == family })
        }
    }

    @Test func unitStartsAgainHoweverOften() throws {
        let text = try Repository.text(Repository.path(unit))
        #expect(text.contains("\nStartLimitIntervalSec=0\n"))
        #expect(!text.contains("StartLimitBurst"))
    }

    @Test func unitHasRoomForTheDefaultRings() throws {
        let text = try Repository.text(Repository.path(unit))
        let match = try #require(text.firstMatch(of: /(?m)^MemoryMax=(\d+)G$/))
        let most = try #require(Int(match.output.1)) << 30
        let settings = Settings()
        let writers = Settings.Writers.auto.count(cores: 1_000)
        let rings = settings.sources.count * writers * settings.ring.capacityBytes
        #expect(most >= rings + 1 << 30)
    }

    @Test func unitDoesNotRestartWhatCannotGetBetter() throws {
        let text = try Repository.text(Repository.path(unit))
        #expect(text.contains("\nRestartPreventExitStatus=64 78\n"))
        #expect(text.contains("\nType=notify\n"))
    }

    @Test func reloadAsksForAnAnswerAtTheSocketOfTheConfiguration() throws {
        // A signal has no answer: a refused file would count as loaded.
        let text = try Repository.text(Repository.path(unit))
        let yaml = try Repository.text(Repository.path("config/touchpointd.yaml"))
        let settings = try SettingsReader.read(yaml: yaml, file: "x", environment: [:])
        let command = "/usr/bin/touchpointctl reload --socket \(settings.control.socket)"
        #expect(text.contains("\nExecReload=\(command)\n"))
    }
}

/// A program of the system.
private enum Tool {
    /// The program's path; if it does not exist, the test run warns.
    static func find(_ name: String) -> String? {
        let path = ["/usr/bin", "/bin"].map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        if path == nil {
            Issue.record("\(name) is not installed here: NOT CHECKED", severity: .warning)
        }
        return path
    }

    static func run(
        _ path: String,
        _ arguments: [String]
    ) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
