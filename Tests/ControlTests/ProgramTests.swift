import Foundation
import Glibc
import TestSupport
import Testing

@testable import Control

/// Runs `touchpointctl` as a user does, against a running server.
@Suite struct ProgramTests {
    private struct Result: Sendable {
        let code: Int32
        let output: String
        let errors: String
    }

    /// Runs the built program, which is beside the test binary.
    private static func run(_ arguments: [String]) async throws -> Result {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = folder.appendingPathComponent("touchpointctl")
        process.arguments = arguments
        let files = try ["out", "err"].map { try Self.temporaryFile($0) }
        process.standardOutput = files[0]
        process.standardError = files[1]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        try await waitUntil("touchpointctl \(arguments) to end") { !process.isRunning }
        let texts = try files.map { file in
            try file.seek(toOffset: 0)
            return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        }
        return Result(code: process.terminationStatus, output: texts[0], errors: texts[1])
    }

    private static func temporaryFile(_ name: String) throws -> FileHandle {
        let path = FileManager.default.temporaryDirectory.path + "/ctl-\(UUID().uuidString)-\(name)"
        let fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(fd >= 0)
        unlink(path)
        return FileHandle(fileDescriptor: fd, closeOnDealloc: true)
    }

    @Test func printsStatusForPeople() async throws {
        try await ServerBench.run { bench in
            let result = try await Self.run(["status", "--socket", bench.path])
            // The daemon is blocked: it must not report itself healthy.
            #expect(result.code == 1)
            #expect(result.output.contains("state            blocked: no space left\n"))
            #expect(result.output.contains("healthy          NO: the daemon is blocked, source r"))
            #expect(result.output.contains("NOT in force: x.yaml:1: unknown key\n"))
            #expect(result.output.contains("source reliable  router, paused, tcp://127.0.0.1:5572"))
            #expect(result.output.contains("250 B of 1000 B available (25 %), 40 inodes left"))
            #expect(result.errors.isEmpty)
        }
    }

    @Test func printsTheStatusAsItCameWithTheSameExitCode() async throws {
        try await ServerBench.run { bench in
            let result = try await Self.run(["status", "--json", "--socket", bench.path])
            #expect(result.code == 1)
            let answer = try JSONDecoder().decode(StatusAnswer.self, from: Data(result.output.utf8))
            #expect(answer == Sample.status)
        }
    }

    @Test func printsTheRawAnswerAsJSON() async throws {
        try await ServerBench.run { bench in
            let result = try await Self.run(["partitions", "--json", "--socket", bench.path])
            #expect(result.code == 0)
            let answer = try JSONDecoder().decode(
                [PartitionAnswer].self,
                from: Data(result.output.utf8)
            )
            #expect(answer == [Sample.partition])
            let refused = try await Self.run(["pause", "nobody", "--json", "--socket", bench.path])
            #expect(refused.code == 64)
            #expect(errorCode(refused.output) == "no_such_source")
        }
    }

    @Test func followsWithOneLineASnapshot() async throws {
        try await ServerBench.run { bench in
            let result = try await Self.run([
                "stats", "--follow", "--interval", "100ms", "--count", "25", "--socket", bench.path,
            ])
            #expect(result.code == 0)
            let lines = result.output.split(separator: "\n")
            #expect(lines.count == 27)
            #expect(lines.filter { $0.hasPrefix("time ") }.count == 2)
            #expect(lines[1].hasPrefix("10:00:00  running"))
        }
    }

    @Test(arguments: [
        (["stats"], "reliable"), (["partitions"], "channel=web/date=2026-11-22/hour=10"),
        (["seal"], "sealed 1 segment\n"), (["flush"], "committed 7 events"),
        (["producers"], "(others)"),
        (["pause"], "paused all sources"), (["resume", "reliable"], "resumed source reliable"),
        (["log-level", "debug"], "log level is debug"), (["drain"], "the daemon is draining"),
        (["ping"], "the daemon answers"), (["version"], "touchpointd 1.2.3 (debug)"),
    ])
    func everyVerbSaysSomethingClear(arguments: [String], text: String) async throws {
        try await ServerBench.run { bench in
            let result = try await Self.run(arguments + ["--socket", bench.path])
            #expect(result.code == 0)
            #expect(result.output.contains(text), "\(result.output)\(result.errors)")
        }
    }

    /// A shell may have put the name of somebody's file in the place of `*`.
    @Test(arguments: [
        ["verify", "a", "b\u{1B}[2J\u{7}"], ["verify", "--\u{1B}]0;x\u{7}"],
        ["stats", "\u{9B}31m"], ["verify", "--expected", "\u{202E}"],
    ])
    func argumentsDoNotReachTheTerminalAsTheyAre(arguments: [String]) async throws {
        let result = try await Self.run(arguments)
        #expect(result.code == 64 && result.output.isEmpty)
        #expect(result.errors.contains("Usage: touchpointctl \(arguments[0])"))
        #expect(result.errors.contains("?"))
        let unsafe = "\u{1B}\u{7}\u{9B}\u{202E}".unicodeScalars
        #expect(!result.errors.unicodeScalars.contains { unsafe.contains($0) })
    }

    @Test func helpAndVersionAreNoErrors() async throws {
        for (arguments, text) in [
            (["--help"], "USAGE: touchpointctl <subcommand>"), (["--version"], "touchpointctl 0."),
            (["verify", "--help"], "USAGE: touchpointctl verify"),
        ] {
            let result = try await Self.run(arguments)
            #expect(result.code == 0 && result.errors.isEmpty)
            #expect(result.output.contains(text) && result.output.hasSuffix("\n"))
        }
    }

    @Test func sortsProducers() async throws {
        try await ServerBench.run { bench in
            func names(_ arguments: String...) async throws -> [String] {
                let result = try await Self.run(
                    ["producers"] + arguments + ["--socket", bench.path]
                )
                #expect(result.code == 0, "\(result.errors)")
                return result.output.split(separator: "\n").dropFirst().map { line in
                    let words = line.split(separator: " ")
                    return String(words.first == "and" ? line : words[1])
                }
            }
            #expect(try await names() == ["till", "shop", "(others)"])
            #expect(try await names("--sort", "quarantined") == ["shop", "till", "(others)"])
            #expect(try await names("--sort", "name") == ["shop", "till", "(others)"])
            #expect(try await names("--sort", "refusal") == ["shop", "till", "(others)"])
            #expect(
                try await names("--sort", "connections", "--most", "1") == ["till", "and 2 more"]
            )
            let refused = try await Self.run(["producers", "--most", "0", "--socket", bench.path])
            #expect(refused.code == 64)
        }
    }

    @Test func printsWhatItIsMadeOf() async throws {
        let answer = BuildAnswer(
            version: "1.2.3",
            build: "debug",
            swift: "6.3",
            libraries: ["zlib": "1.3", "libzmq": "4.3.5"]
        )
        let own = /touchpointctl \d+\.\d+\.\d+ \(debug\), Swift \d+\.\d+\n/
        try await ServerBench.run(work: { $0.on(VerbTable.build) { _ in answer } }) { bench in
            let text = try await Self.run(["version", "--build", "--socket", bench.path])
            #expect(text.code == 0)
            let first = try #require(text.output.prefixMatch(of: own))
            #expect(
                text.output[first.range.upperBound...]
                    == "touchpointd 1.2.3 (debug), Swift 6.3, libzmq 4.3.5, zlib 1.3\n"
            )
            let json = try await Self.run(["version", "--build", "--json", "--socket", bench.path])
            let read = try JSONDecoder().decode(BuildAnswer.self, from: Data(json.output.utf8))
            #expect(read == answer)
        }
        let alone = try await Self.run([
            "version", "--build", "--socket", "/tmp/none-\(UUID()).sock",
        ])
        #expect(alone.code == 69)
        #expect(alone.output.wholeMatch(of: own) != nil)
    }

    @Test func exitCodesTellWhatWentWrong() async throws {
        let missing = try await Self.run(["status", "--socket", "/tmp/none-\(UUID()).sock"])
        #expect(missing.code == 69)
        #expect(missing.errors.contains("is touchpointd running?"))
        #expect(try await Self.run(["nonsense"]).code == 64)
        #expect(try await Self.run(["stats", "--count", "3"]).code == 64)
        #expect(try await Self.run(["stats", "--follow", "--interval", "soon"]).code == 64)
        #expect(try await Self.run(["pause", "a b", "--socket", "/tmp/none"]).code == 69)
        try await ServerBench.run { bench in
            let failed = try await Self.run(["reload", "--socket", bench.path])
            #expect(failed.code == 74)
            #expect(failed.errors.contains("Broken"))
        }
    }
}
