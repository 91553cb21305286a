import Synchronization
import TestSupport
import Testing
import ZeroMQ
import ZeroMQSource

@testable import Intake

/// Connections: the origin of a message, admission of peers, and notices about those that end.
@Suite struct SourceConnectionsTests {
    private func notices(_ bench: IntakeBench) -> [PeerNotice.Kind] {
        bench.takeNotices().map(\.kind)
    }

    /// With one connection, with several, and after others have ended.
    @Test(arguments: Engine.allCases) func everyMessageNamesItsConnection(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull))
        let context = try Context()
        var peers: [Peer] = []
        for number in 0..<5 {
            peers.append(try Peer(.push, bench.endpoint, in: context))
            // As long as only one is known, all messages are attributed to it.
            try bench.run(until: "the connection is known") {
                $0.shared.connections.connects.value == number + 1
            }
            for (at, peer) in peers.enumerated() { try peer.send("\(number) of \(at)") }
            try bench.run(until: "each has sent") {
                $0.all.count == (number + 1) * (number + 2) / 2
            }
        }
        var names: [String: Set<String>] = [:]
        for taken in bench.all {
            let number = taken.record.withUnsafeBytes { IntakeRecord($0).peer }
            let name = try #require(bench.shared.peerNames.name(of: number))
            #expect(name.hasPrefix("tcp://127.0.0.1:"))
            names[String(taken.text.suffix(1)), default: []].insert(name)
        }
        #expect(names.count == 5 && names.values.allSatisfy { $0.count == 1 })
        #expect(Set(names.values.flatMap(\.self)).count == 5)
        #expect(bench.shared.connections.connects.value == 5)
    }

    @Test(arguments: Engine.allCases) func aFrameAboveTheLimitIsAViolation(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull, messageBytesMax: 1_000))
        let peer = try Peer(.push, bench.endpoint, in: Context())
        try peer.send("before")
        try bench.run(until: "the first message came") { $0.all.count == 1 }
        try peer.send([UInt8](repeating: 1, count: 1_001))
        try bench.run(until: "the violation is counted") {
            $0.shared.connections.violations.value == 1
        }
        #expect(notices(bench) == [.violation])
        #expect(bench.shared.connections.failedHandshakes.value == 0)
    }

    @Test(arguments: Engine.allCases) func aPeerThatLeavesIsNoViolation(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.router))
        do {
            let peer = try Peer(.dealer, bench.endpoint, in: Context())
            try peer.send("one")
            try bench.run(until: "the message came") { $0.all.count == 1 }
        }
        try bench.run(until: "it has left") { $0.shared.connections.disconnects.value == 1 }
        #expect(bench.shared.connections.violations.value == 0)
        #expect(notices(bench).isEmpty)
    }

    @Test(
        arguments: Engine.allCases,
        [(Socket.Pattern.push, SourceConfiguration.Pattern.router), (.dealer, .pull)]
    )
    func aPatternThatDoesNotFitIsAFailedHandshake(
        engine: Engine,
        patterns: (Socket.Pattern, SourceConfiguration.Pattern)
    ) throws {
        let (pattern, source) = patterns
        let bench = try IntakeBench(engine, .local(source))
        let peer = try Peer(pattern, bench.endpoint, in: Context())
        try bench.run(until: "the failed handshake is counted") {
            $0.shared.connections.failedHandshakes.value > 0
        }
        // An end that the kernel had already forgotten causes no notice; the peer retries.
        var told: [PeerNotice] = []
        try bench.run(until: "it is told") {
            told += $0.takeNotices()
            return !told.isEmpty
        }
        #expect(told.map(\.kind) == [.handshakeFailed])
        #expect(told.first?.detail.contains(source == .router ? "DEALER and REQ" : "PUSH") == true)
        _ = peer
    }

    @Test(arguments: Engine.allCases) func connectionsBeyondTheMostAreRefused(engine: Engine) throws
    {
        var configuration = SourceConfiguration.local(.router)
        configuration.connectionsMax = 2
        let bench = try IntakeBench(engine, configuration)
        let context = try Context()
        var peers: [Peer] = []
        for number in 0..<2 {
            peers.append(try Peer(.dealer, bench.endpoint, in: context))
            try peers[number].send("in")
        }
        try bench.run(until: "two are in") { $0.all.count == 2 }
        peers.append(try Peer(.dealer, bench.endpoint, in: context))
        try bench.run(until: "the third is refused") { $0.shared.connections.refused.value > 0 }
        for peer in peers.prefix(2) { try peer.send("still in") }
        try bench.run(until: "the two go on") { $0.all.count == 4 }
        #expect(notices(bench) == [.refused])
    }

    @Test(arguments: Engine.allCases) func answersOfNobodyWhoReadsAreBounded(engine: Engine) throws
    {
        let bench = try IntakeBench(engine, .local(.router))
        let context = try Context()
        let socket = try Socket(.dealer, in: context)
        try socket.setLinger(.zero)
        try socket.setReceiveHighWaterMark(1)
        try socket.setReceiveBuffer(bytes: 4_096)
        try socket.connect(bench.endpoint)
        let request = bytes("{}")
        let isSent = try request.withUnsafeBytes { try socket.send($0, more: false, wait: true) }
        #expect(isSent)
        try bench.run(until: "the request came") { $0.all.count == 1 }
        let answer = Answer.rejected(String(repeating: "a", count: 8_000))
        for number in 1...600 {
            try bench.answer(bench.all[0], answer)
            try bench.run(until: "the answer is dealt with") {
                let count = $0.shared.count
                return count.acknowledged + count.acknowledgementsDropped == number
            }
        }
        let sent = bench.shared.count.acknowledged * bytes(answer).count
        #expect(sent >= 1 << 19, "a mebibyte may wait")
        // The systems' buffers hold additional bytes.
        #expect(sent < 3 << 20)
        // Another peer is answered nevertheless.
        let other = try Peer(.dealer, bench.endpoint, in: context)
        try other.send("other")
        try bench.run(until: "the other's request came") { $0.all.count == 2 }
        try bench.answer(bench.all[1], answer)
        try bench.run(until: "the other is answered") { _ in try other.receive() != nil }
    }

    @Test(arguments: Engine.allCases) func theMostAPeerMayBeSentGrowsWithWhatItReads(
        engine: Engine
    ) throws {
        let bench = try IntakeBench(engine, .local(.router))
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        try peer.send("one")
        try bench.run(until: "the request came") { $0.all.count == 1 }
        let answer = Answer.rejected(String(repeating: "a", count: 8_000))
        var read = 0
        for number in 1...25 {
            for _ in 0..<6 { try bench.answer(bench.all[0], answer) }
            try bench.run(until: "the answers came") { _ in
                while try peer.receive() != nil { read += 1 }
                return read == 6 * number
            }
        }
        #expect(bench.shared.count.acknowledgementsDropped == 0)
    }
}
