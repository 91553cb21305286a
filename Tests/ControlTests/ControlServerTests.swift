import Foundation
import Glibc
import TestSupport
import Testing

@testable import Control

/// The server's behaviour towards a client on the socket.
@Suite struct ControlServerTests {
    @Test func answersALineThatComesInPieces() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            for piece in ["pi", "n", "g", "\n"] {
                try await client.send(piece)
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await client.line() == #"{"pong":true}"#)
        }
    }

    @Test func answersSeveralLinesOfOneWriteInOrder() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send("version\nflush\nnonsense\nping\r\n\r\n  \nseal web\nping\n")
            #expect(try await client.line() == #"{"build":"debug","version":"1.2.3"}"#)
            #expect(try await client.line() == #"{"committed":true,"events":7}"#)
            #expect(errorCode(try await client.line()) == "unknown_verb")
            #expect(try await client.line() == #"{"pong":true}"#)
            #expect(try await client.line().hasPrefix(#"{"paths":["events/channel=web"#))
            #expect(try await client.line() == #"{"pong":true}"#)
            #expect(bench.handler.calls == ["flush", "seal web"])
        }
    }

    @Test func answersWhatAHalfClosedConnectionStillAsked() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send("flush\nping")
            client.finishSending()
            let expected = "{\"committed\":true,\"events\":7}\n{\"pong\":true}\n"
            #expect(try await client.untilEnd() == expected)
        }
    }

    @Test func refusesALineThatIsTooLongAndCloses() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send([UInt8](repeating: 0x61, count: (64 << 10) + 1))
            let answer = try await client.untilEnd()
            #expect(answer.contains("bad_request"))
            #expect(answer.contains("65536 bytes"))
        }
    }

    @Test func takesTheLongestLineThatIsAllowed() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            let padding = String(repeating: " ", count: (64 << 10) - 4)
            try await client.send("ping" + padding + "\nping\n")
            #expect(try await client.line() == #"{"pong":true}"#)
            #expect(try await client.line() == #"{"pong":true}"#)
        }
    }

    @Test func garbageIsAnErrorAndTheConnectionGoesOn() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send([0xFF, 0xFE, 0x00, 0x80, 0x0A, 0x1B, 0x5B, 0x00, 0x0A])
            #expect(errorCode(try await client.line()) == "bad_request")
            let second = try await client.line()
            #expect(errorCode(second) == "unknown_verb")
            #expect(!second.contains("\u{1B}"))
            try await client.send("ping\n")
            #expect(try await client.line() == #"{"pong":true}"#)
        }
    }

    @Test func randomBytesNeverEndTheServer() async throws {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
        var random = SplitMix(state: seed)
        try await ServerBench.run { bench in
            for _ in 0..<100 {
                let client = try bench.connect()
                let count = Int(random.next() % 4000)
                try await client.send(
                    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                )
                client.finishSending()
                _ = try await client.untilEnd()
            }
            let client = try bench.connect()
            try await client.send("ping\n")
            #expect(try await client.line() == #"{"pong":true}"#, "seed \(seed)")
        }
    }

    @Test func errorsOfTheHandlerAreAnswers() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send("pause nobody\nreload\nlog-level\nping now\nstats often\n")
            #expect(errorCode(try await client.line()) == "no_such_source")
            #expect(errorCode(try await client.line()) == "internal")
            for _ in 0..<3 { #expect(errorCode(try await client.line()) == "bad_argument") }
        }
    }

    @Test func aSlowRequestHoldsUpItsOwnConnectionOnly() async throws {
        try await ServerBench.run { bench in
            bench.handler.setGate(open: false)
            let slow = try bench.connect()
            try await slow.send("flush\nping\n")
            try await waitUntil("flush to begin") { bench.handler.calls == ["flush"] }
            let other = try bench.connect()
            try await other.send("ping\n")
            #expect(try await other.line() == #"{"pong":true}"#)
            bench.handler.setGate(open: true)
            #expect(try await slow.line() == #"{"committed":true,"events":7}"#)
            #expect(try await slow.line() == #"{"pong":true}"#)
        }
    }

    @Test func givesAnAnswerOfAnySizeToAClientThatReads() async throws {
        // More than 2 MiB; the client reads it slowly at first.
        let handler = HandlerDouble(partitionCount: 20_000)
        try await ServerBench.run(handler: handler) { bench in
            let plain = try bench.connect()
            try await plain.send("partitions\nping\n")
            try await Task.sleep(for: .milliseconds(300))
            let line = try await plain.line()
            #expect(line.utf8.count > 2 << 20)
            #expect(try await plain.line() == #"{"pong":true}"#)
            let client = try await ControlClient.connect(path: bench.path)
            let answer = try await client.request("partitions", as: [PartitionAnswer].self)
            #expect(answer.count == 20_000)
            await client.close()
        }
    }

    @Test func cutsOffAClientThatDoesNotReadAndServesTheOthers() async throws {
        let handler = HandlerDouble(partitionCount: 2000)
        try await ServerBench.run(handler: handler, unreadMax: .milliseconds(300)) { bench in
            let deaf = try bench.connect()
            let other = try bench.connect()
            try await deaf.send(String(repeating: "partitions\n", count: 1000))
            try await waitUntil("the deaf client to be cut off") {
                try await other.send("ping\n")
                #expect(try await other.line() == #"{"pong":true}"#)
                return deaf.hasHungUp
            }
            #expect(bench.handler.calls.count < 50)
        }
    }

    @Test func refusesTheConnectionOneTooManyWhileAllHaveSomethingToDo() async throws {
        try await ServerBench.run(connectionsMax: 2) { bench in
            bench.handler.setGate(open: false)
            let clients = [try bench.connect(), try bench.connect()]
            for client in clients { try await client.send("flush\n") }
            try await waitUntil("both to begin") { bench.handler.calls.count == 2 }
            let third = try bench.connect()
            #expect(try await third.untilEnd().contains("too_many_connections"))
            bench.handler.setGate(open: true)
            for client in clients { #expect(try await client.line().contains("committed")) }
        }
    }

    @Test func aClientThatAsksNothingGivesWayAndOneThatIsAnsweredStays() async throws {
        try await ServerBench.run(connectionsMax: 3) { bench in
            bench.handler.setGate(open: false)
            let busy = try bench.connect()
            try await busy.send("flush\n")
            try await waitUntil("flush to begin") { bench.handler.calls == ["flush"] }
            let idle = [try bench.connect(), try bench.connect()]
            try await waitUntil("all to be connected") { bench.server.openConnections == 3 }
            try await Task.sleep(for: .milliseconds(200))
            let operatorOne = try bench.connect()
            try await operatorOne.send("ping\n")
            #expect(try await operatorOne.line() == #"{"pong":true}"#)
            #expect(try await idle[0].untilEnd().isEmpty)
            bench.handler.setGate(open: true)
            #expect(try await busy.line().contains("committed"))
        }
    }

    @Test func endsAConnectionThatAsksNothing() async throws {
        try await ServerBench.run(idleMax: .milliseconds(300)) { bench in
            let started = ContinuousClock.now
            let silent = try bench.connect()
            // Half a request does not extend the time limit; an answer does.
            let slow = try bench.connect()
            try await slow.send("ping\npi")
            #expect(try await slow.line() == #"{"pong":true}"#)
            let follower = try bench.connect()
            try await follower.send("stats follow 100ms\n")
            #expect(try await silent.untilEnd().isEmpty)
            #expect(try await slow.untilEnd().isEmpty)
            #expect(ContinuousClock.now - started >= .milliseconds(300))
            for _ in 0..<6 { #expect(try await follower.line().contains("\"ledger\"")) }
        }
    }

    @Test func reportsEveryChangingVerbWithItsPeer() async throws {
        try await ServerBench.run { bench in
            let client = try bench.connect()
            try await client.send("status\npause reliable\ndrain\n")
            for _ in 0..<3 { _ = try await client.line() }
            #expect(bench.changes.map(\.verb) == ["pause", "drain"])
            #expect(bench.changes.map(\.arguments) == [["reliable"], []])
            for change in bench.changes {
                #expect(change.uid == geteuid())
                #expect(change.pid == getpid())
                #expect(change.isPermitted)
            }
        }
    }
}

/// A small generator that starts from a printed seed (Steele, Lea, Flood: SplitMix64).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
