import Foundation
import Glibc
import Platform
import TestSupport
import Testing

@testable import Control

/// Which process gets the socket's path.
@Suite struct ListeningSocketTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(prefix: "listen") }

    private static func server(_ path: String) -> ControlServer {
        ControlServer(
            configuration: ControlServer.Configuration(path: path),
            handler: HandlerDouble(version: "2").handler,
            onChange: { _ in }
        )
    }

    private func temporaryPath() throws -> String {
        let folder = self.folder.path + "/\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        return folder + "/control.sock"
    }

    private static func startError(_ path: String) async -> ControlServerError.Kind? {
        do {
            let started = server(path)
            try await started.start()
            await started.stop()
            return nil
        } catch {
            return (error as? ControlServerError)?.kind
        }
    }

    @Test func saysWhyTheFolderCannotBeMade() async throws {
        let file = folder.path + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        #expect(await Self.startError(file + "/folder/control.sock") == .system(ENOTDIR))
        #expect(await Self.startError("/proc/none/folder/control.sock") == .system(ENOENT))
    }

    @Test func createsTheFolderSetsTheModeAndCleansUp() async throws {
        let path = try temporaryPath().replacing("/control.sock", with: "/a/b/c.sock")
        let server = Self.server(path)
        try await server.start()
        var file = stat()
        #expect(lstat(path, &file) == 0)
        #expect(file.st_mode & 0o777 == 0o660)
        #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
        await server.stop()
        #expect(lstat(path, &file) != 0)
        await server.stop()
    }

    @Test func aSecondServerIsRefusedAndTheFirstGoesOn() async throws {
        try await ServerBench.run { bench in
            #expect(await Self.startError(bench.path) == .inUse)
            let client = try bench.connect()
            try await client.send("version\n")
            #expect(try await client.line().contains("1.2.3"))
        }
    }

    @Test func takesThePathOfADaemonThatIsGone() async throws {
        let path = try temporaryPath()
        let gone = try UnixListener.open(path: path, mode: 0o600)
        close(gone.descriptor)
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(await Self.startError(path) == nil)
    }

    @Test func leavesAloneWhatIsNoSocket() async throws {
        let path = try temporaryPath()
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        #expect(await Self.startError(path) == .notASocket)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func refusesPathsThatDoNotFit() async throws {
        #expect(await Self.startError("") == .pathTooLong)
        let folder = try temporaryPath().replacing("/control.sock", with: "/")
        let fits = folder + String(repeating: "x", count: 107 - folder.utf8.count)
        #expect(await Self.startError(fits) == nil)
        #expect(await Self.startError(fits + "x") == .pathTooLong)
    }

    @Test func doesNotRemoveTheSocketOfItsSuccessor() async throws {
        try await ServerBench.run { bench in
            unlink(bench.path)
            let successor = Self.server(bench.path)
            try await successor.start()
            await bench.server.stop()
            let client = try bench.connect()
            try await client.send("version\n")
            #expect(try await client.line().contains("\"2\""))
            await successor.stop()
        }
    }

    @Test func ofManyStartingAtOnceExactlyOneGetsThePath() async throws {
        for _ in 0..<20 {
            let path = try temporaryPath()
            close(try UnixListener.open(path: path, mode: 0o600).descriptor)
            let opened = await withTaskGroup(of: UnixListener?.self) { group in
                for _ in 0..<8 {
                    group.addTask { try? UnixListener.open(path: path, mode: 0o600) }
                }
                return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(opened.count == 1)
            for socket in opened { close(socket.descriptor) }
        }
    }

    @Test func stopLetsARequestFinish() async throws {
        try await ServerBench.run { bench in
            bench.handler.setGate(open: false)
            let client = try bench.connect()
            try await client.send("flush\n")
            try await waitUntil("flush to begin") { bench.handler.calls == ["flush"] }
            let server = bench.server
            let stopping = Task { await server.stop(grace: .seconds(20)) }
            try await waitUntil("the socket file to go") {
                !FileManager.default.fileExists(atPath: bench.path)
            }
            bench.handler.setGate(open: true)
            #expect(try await client.untilEnd() == "{\"committed\":true,\"events\":7}\n")
            await stopping.value
        }
    }

    @Test func stopCutsARequestThatTakesTooLong() async throws {
        try await ServerBench.run { bench in
            bench.handler.setGate(open: false)
            let client = try bench.connect()
            try await client.send("flush\n")
            try await waitUntil("flush to begin") { bench.handler.calls == ["flush"] }
            await bench.server.stop(grace: .milliseconds(20))
            #expect(try await client.untilEnd().isEmpty)
            bench.handler.setGate(open: true)
        }
    }
}
