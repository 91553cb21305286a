import Foundation
import Glibc
import Platform
import TestSupport
import Testing

@testable import Control

/// The answers and errors that a client of the daemon receives.
@Suite struct ControlClientTests {
    @Test func givesDecodedAnswersInOrder() async throws {
        try await ServerBench.run { bench in
            let client = try await ControlClient.connect(path: bench.path)
            #expect(try await client.request("status", as: StatusAnswer.self) == Sample.status)
            let partitions = try await client.request("partitions", as: [PartitionAnswer].self)
            #expect(partitions == [Sample.partition])
            async let first = client.request("version")
            async let second = client.request("version")
            #expect(try await (first, second) == (second, first))
            await client.close()
        }
    }

    @Test func throwsWhatTheDaemonRefused() async throws {
        try await ServerBench.run { bench in
            let client = try await ControlClient.connect(path: bench.path)
            let expected = ControlClientError.refused(
                ControlError(code: "no_such_source", message: "there is no source 'nobody'")
            )
            await #expect(throws: expected) {
                try await client.request("pause nobody", as: StateAnswer.self)
            }
            await client.close()
        }
    }

    @Test func saysWhatToDoWhenNobodyIsThere() async throws {
        let path = "/tmp/control-\(UUID().uuidString).sock"
        let missing = await Self.connectError(path)
        #expect(missing == .unreachable(path: path, code: ENOENT))
        #expect(missing?.description.contains("is touchpointd running?") == true)
        let gone = try UnixListener.open(path: path, mode: 0o600)
        close(gone.descriptor)
        #expect(await Self.connectError(path) == .unreachable(path: path, code: ECONNREFUSED))
        gone.unlinkFile()
        let long = "/tmp/" + String(repeating: "x", count: 200)
        #expect(await Self.connectError(long) == .pathTooLong(path: long))
    }

    private static func connectError(_ path: String) async -> ControlClientError? {
        do {
            await (try ControlClient.connect(path: path)).close()
            return nil
        } catch {
            return error
        }
    }

    @Test func aRequestFailsWhenTheServerStops() async throws {
        try await ServerBench.run { bench in
            bench.handler.setGate(open: false)
            let client = try await ControlClient.connect(path: bench.path)
            let answer = Task { try await client.request("flush") }
            try await waitUntil("flush to begin") { bench.handler.calls == ["flush"] }
            await bench.server.stop(grace: .milliseconds(10))
            bench.handler.setGate(open: true)
            let expected = ControlClientError.closed(path: bench.path)
            await #expect(throws: expected) { try await answer.value }
            await #expect(throws: expected) { try await client.request("ping") }
        }
    }

    @Test func givesUpAfterTheTimeout() async throws {
        try await ServerBench.run { bench in
            bench.handler.setGate(open: false)
            defer { bench.handler.setGate(open: true) }
            let client = try await ControlClient.connect(path: bench.path)
            let expected = ControlClientError.timedOut(path: bench.path, request: "flush")
            await #expect(throws: expected) {
                try await client.request("flush", timeout: .milliseconds(50))
            }
        }
    }

    @Test func streamsLinesUntilItIsLeft() async throws {
        try await ServerBench.run { bench in
            let client = try await ControlClient.connect(path: bench.path)
            var count = 0
            for try await line in client.lines("stats follow 100ms") {
                #expect(ControlClient.refusal(in: line) == nil)
                count += 1
                if count == 3 { break }
            }
            try await waitUntil("the connection to end") {
                bench.server.openConnections == 0
            }
        }
    }
}

/// The places where a client looks for the socket.
@Suite struct SocketLocationTests {
    private let local = "./touchpoint-data/control.sock"
    private let system = "/run/touchpoint/control.sock"

    @Test func whatIsGivenComesFirst() throws {
        let environment = [SocketLocation.variable: "/env"]
        let given = try SocketLocation.path(given: "/a", environment: environment) { _ in .other }
        #expect(given == "/a")
        let named = try SocketLocation.path(given: nil, environment: environment) { _ in .other }
        #expect(named == "/env")
    }

    private func path(_ owners: [String: SocketLocation.Owner]) throws -> String {
        try SocketLocation.path(given: nil, environment: [SocketLocation.variable: ""]) {
            owners[$0] ?? .nobody
        }
    }

    @Test func thenTheFirstStandardPathThatExists() throws {
        #expect(try path([local: .trusted, system: .other]) == local)
        #expect(try path([system: .other]) == system)
        #expect(try path([:]) == local)
    }

    @Test func aSocketOfAnotherUserInTheCurrentFolderIsNotUsed() throws {
        #expect(try path([local: .other, system: .other]) == system)
        #expect(throws: ControlClientError.notOwn(path: local)) { try path([local: .other]) }
    }

    @Test func onlyRootTheCallerAndTheFilesOwnerMayAnswer() throws {
        let folder = try TemporaryFolder(prefix: "socket")
        let path = "\(folder.path)/control.sock"
        func mayAnswer(_ uid: UInt32, _ path: String) -> Bool {
            SocketLocation.mayAnswer(PeerCredentials(pid: 1, uid: uid, gid: 0), on: path)
        }
        #expect(mayAnswer(0, path) && mayAnswer(geteuid(), path))
        #expect(!mayAnswer(12_345, path) && !SocketLocation.mayAnswer(nil, on: path))
        try Data().write(to: URL(filePath: path))
        #expect(!mayAnswer(12_345, path))
        if geteuid() == 0 { chown(path, 12_345, 0) }
        #expect(mayAnswer(geteuid() == 0 ? 12_345 : geteuid(), path))
        #expect(!mayAnswer(12_345, local))
    }

    @Test func nothingIsSentToAProcessThatIsNotTrusted() async throws {
        try await ServerBench.run { bench in
            await #expect(throws: ControlClientError.notDaemons(path: bench.path, uid: geteuid())) {
                _ = try await ControlClient.connect(path: bench.path) { _ in false }
            }
            let client = try await ControlClient.connect(path: bench.path) { peer in
                peer?.uid == geteuid() && peer?.pid == getpid()
            }
            await client.close()
        }
    }

    @Test func aSocketIsTrustedInAFolderThatOthersCannotChange() throws {
        let folder = try TemporaryFolder(prefix: "socket")
        let path = "\(folder.path)/control.sock"
        #expect(SocketLocation.owner(path) == .nobody)
        try Data().write(to: URL(filePath: path))
        chmod(folder.path, 0o750)
        #expect(SocketLocation.owner(path) == .trusted)
        chmod(folder.path, 0o777)
        #expect(SocketLocation.owner(path) == .other)
        chmod(folder.path, 0o750)
    }
}
