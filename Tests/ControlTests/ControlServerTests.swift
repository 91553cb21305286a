import Foundation
import Glibc
import TestSupport
import Testing

@testable import Control

/// What a client meets on the socket.
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
            try await controlWait(for: "flush to begin") { bench.handler.calls == ["flush"] }
            let other = try bench.connect()
            try await other.send("ping\n")
            #expect(try await other.line() == #"{"pong":true}"#)
            bench.handler.setGate(open: true)
            #expect(try await slow.line() == #"{"committed":true,"events":7}"#)
            #expect(try await slow.line() == #"{"pong":true}"#)
        }
    }

    @Test func cutsOffAClientThatDoesNotReadAndServesTheOthers() async throws {
        try await ServerBench.run(handler: HandlerDouble(partitionCount: 2000)) { bench in
            let deaf = try bench.connect()
            let other = try bench.connect()
            try await deaf.send(String(repeating: "partitions\n", count: 1000))
            try await controlWait(for: "the deaf client to be cut off") {
                try await other.send("ping\n")
                #expect(try await other.line() == #"{"pong":true}"#)
                return deaf.hasHungUp
            }
            #expect(bench.handler.calls.count < 50)
        }
    }

    @Test func refusesTheConnectionOneTooManyAndSaysSo() async throws {
        try await ServerBench.run(connectionsMax: 2) { bench in
            var clients = [try bench.connect(), try bench.connect()]
            for client in clients {
                try await client.send("ping\n")
                #expect(try await client.line() == #"{"pong":true}"#)
            }
            let third = try bench.connect()
            #expect(try await third.untilEnd().contains("too_many_connections"))
            clients.removeLast()
            try await controlWait(for: "room for another client") {
                bench.server.openConnections == 1
            }
            let fourth = try bench.connect()
            try await fourth.send("ping\n")
            #expect(try await fourth.line() == #"{"pong":true}"#)
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
