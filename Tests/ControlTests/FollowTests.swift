import Foundation
import TestSupport
import Testing

@testable import Control

/// `stats follow`, and how it ends.
@Suite struct FollowTests {
    @Test func sendsSnapshotsUntilTheClientCloses() async throws {
        try await ServerBench.run { bench in
            try await Self.followThreeLines(bench)
            try await waitUntil("the server to notice the close") {
                bench.server.openConnections == 0
            }
            let calls = bench.handler.calls.count
            let client = try bench.connect()
            try await client.send("stats follow 100ms\n")
            for _ in 0..<5 { _ = try await client.line() }
            // One request may have been in progress when the client closed; none follows.
            let mine = bench.handler.calls.count - calls
            #expect(mine <= 5 + 3, "the closed connection goes on asking")
        }
    }

    private static func followThreeLines(_ bench: ServerBench) async throws {
        let client = try bench.connect()
        try await client.send("stats follow 100ms\n")
        var received: [Int] = []
        for _ in 0..<3 {
            let stats = try ControlClient.decode(
                Data(try await client.line().utf8),
                as: StatsAnswer.self,
                request: "stats"
            )
            received.append(stats.ledger.received)
        }
        #expect(received == received.sorted())
        #expect(Set(received).count == 3)
    }

    @Test func goesOnAfterAHalfClose() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send("stats follow 100ms\n")
            client.finishSending()
            for _ in 0..<5 { #expect(try await client.line().contains("\"ledger\"")) }
        }
    }

    @Test func theNextLineEndsItAndIsAnswered() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send("stats follow 100ms\n\n")
            #expect(try await client.line().contains("\"ledger\""))
            try await client.send("ping\n")
            try await waitUntil("the answer to ping") {
                try await client.line() == #"{"pong":true}"#
            }
            try await client.send("version\n")
            #expect(try await client.line().contains("1.2.3"))
        }
    }

    @Test func manyFollowersCostOneSnapshotATick() async throws {
        try await ServerBench.run { bench in
            var clients: [ControlLineSocket] = []
            for number in 0..<40 {
                let client = try bench.connect()
                // Changing the interval each time does not circumvent the limit.
                try await client.send("stats follow \(100 + number % 20)ms\n")
                clients.append(client)
            }
            for client in clients { _ = try await client.line() }
            let calls = bench.handler.calls.count
            let started = ContinuousClock.now
            for _ in 0..<10 {
                for client in clients { _ = try await client.line() }
            }
            let ticks = (ContinuousClock.now - started) / .milliseconds(50)
            let snapshots = bench.handler.calls.count - calls
            #expect(snapshots >= 8)
            #expect(Double(snapshots) <= ticks + 2, "a snapshot for each of 40 followers")
        }
    }

    @Test func aFollowerThatDoesNotReadIsCutOffAndOneThatReadsStays() async throws {
        let handler = HandlerDouble(channelCount: 5000)
        try await ServerBench.run(handler: handler, unreadMax: .milliseconds(500)) { bench in
            let deaf = try bench.connect()
            try await deaf.send("stats follow 100ms\n")
            let other = try bench.connect()
            try await other.send("stats follow 100ms\n")
            try await waitUntil("the deaf follower to be cut off") {
                let line = try await other.line()
                #expect(line.contains("\"ledger\""))
                return deaf.hasHungUp
            }
        }
    }

    @Test(arguments: [
        ("100ms", 100), ("1s", 1000), ("0.5s", 500), ("2m", 120_000), ("1h", 3_600_000),
    ])
    func readsIntervals(text: String, milliseconds: Int) throws {
        #expect(try FollowInterval.parse(text).milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "1", "s", "ms", "-1s", "1e9s", "nans", "infs", "99ms", "2h", "1.2.3s", "٣s",
    ])
    func refusesWhatIsNoInterval(text: String) {
        #expect { try FollowInterval.parse(text) } throws: { error in
            (error as? ControlError)?.code == "bad_argument"
        }
    }

    /// The words of a client are shown to operators.
    @Test(arguments: ["\u{1b}[2J", "\u{b}s", "1\u{85}s"])
    func shownIntervalsHaveNoControlCharacters(text: String) {
        #expect { try FollowInterval.parse(text) } throws: { error in
            let message = (error as? ControlError)?.message ?? ""
            return message.contains("?")
                && message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
    }
}
