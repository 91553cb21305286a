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
    @Test func whatIsGivenComesFirst() {
        let environment = [SocketLocation.variable: "/env"]
        let given = SocketLocation.path(given: "/a", environment: environment) { _ in true }
        #expect(given == "/a")
        let named = SocketLocation.path(given: nil, environment: environment) { _ in false }
        #expect(named == "/env")
    }

    @Test func thenTheFirstStandardPathThatExists() {
        func path(existing: Set<String>) -> String {
            SocketLocation.path(given: nil, environment: [SocketLocation.variable: ""]) {
                existing.contains($0)
            }
        }
        let (local, system) = ("./touchpoint-data/control.sock", "/run/touchpoint/control.sock")
        #expect(path(existing: [local, system]) == local)
        #expect(path(existing: [system]) == system)
        #expect(path(existing: []) == local)
    }
}
