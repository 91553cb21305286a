import Synchronization
import TestSupport
import Testing
import ZeroMQSource

@testable import Intake
@testable import ZMTPSource

/// Connections before their handshake is complete.
@Suite struct ListenerHandshakeTests {
    @Test(arguments: [("PUSH", SourceConfiguration.Pattern.pull), ("DEALER", .router)])
    func completesWhileIntakeIsHeldAndMessagesWait(
        type: String,
        pattern: SourceConfiguration.Pattern
    ) throws {
        let bench = try IntakeBench(.listener, .local(pattern))
        bench.shared.ask(.paused)
        let peer = try RawPeer(bench.endpoint)
        try peer.send(RawBytes.opening(as: type) + RawBytes.message("one"))
        try bench.run(until: "the handshake is complete") { try $0.opened() == 1 }
        try bench.run(until: "it is answered") { _ in peer.has(RawBytes.ready) }
        for _ in 0..<3 { _ = try bench.work() }
        bench.take()
        #expect(bench.all.isEmpty && bench.heldCount == 0)
        bench.shared.cancel(.paused)
        try bench.run(until: "the message came") { $0.all.map(\.text) == ["one"] }
    }

    @Test func byteByByte() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        let peer = try RawPeer(bench.endpoint)
        for byte in RawBytes.opening(as: "PUSH") + RawBytes.message("one") {
            try peer.send([byte])
            _ = try bench.work()
        }
        try bench.run(until: "the message came") { $0.all.map(\.text) == ["one"] }
    }

    @Test func anOldPeerIsServed() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peer = try RawPeer(bench.endpoint)
        try peer.send(RawBytes.oldOpening(as: 5) + RawBytes.message("id", "{}"))
        try bench.run(until: "the request came") { $0.all.map(\.text) == ["{}"] }
        try bench.answer(bench.all[0], .rejected("done"))
        let text = AnswerText.json(.rejected("done"))
        try bench.run(until: "it is answered") { _ in peer.has(RawBytes.message("id", text)) }
    }

    @Test func hasThreeSeconds() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        bench.freeze()
        let peer = try RawPeer(bench.endpoint)
        try peer.send(Array(RawBytes.opening(as: "PUSH").dropLast()))
        try bench.run(until: "it is there") { $0.shared.count.peers == 1 }
        try bench.pass(seconds: 2)
        #expect(bench.shared.count.peers == 1)
        try bench.pass(seconds: 1.5)
        #expect(bench.shared.count.peers == 0)
        #expect(bench.shared.connections.failedHandshakes.value == 1)
        #expect(bench.takeNotices().map(\.kind) == [.handshakeFailed])
        try bench.run(until: "it sees the end") { _ in
            peer.receive()
            return peer.hasEnded
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}"])
    func anotherProtocolIsEndedAtOnce(text: String) throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        let peer = try RawPeer(bench.endpoint)
        try peer.send(bytes(text))
        try bench.run(until: "it has ended") { _ in
            peer.receive()
            return peer.hasEnded
        }
        #expect(bench.shared.connections.failedHandshakes.value == 1)
        #expect(bench.takeNotices().map(\.kind) == [.handshakeFailed])
    }

    @Test func unfinishedOnesOfAnAddressAreBounded() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        bench.freeze()
        let peers = try (0..<64).map { _ in try RawPeer(bench.endpoint) }
        try bench.run(until: "all are in") { $0.shared.count.peers == 64 }
        // The first has begun, the second has done so too but nobody has looked yet.
        try peers[0].send(Array(RawBytes.opening(as: "PUSH").prefix(20)))
        try bench.run(until: "its greeting is read") {
            try $0.listening().listener.connections[1]?.pointee.presence.hasSpoken == true
        }
        try peers[1].send(RawBytes.opening(as: "PUSH"))
        let stranger = try RawPeer(bench.endpoint)
        try bench.run(until: "one more is in") {
            try $0.opened() == 1 && $0.shared.count.peers == 65
        }
        #expect(bench.shared.connections.refused.value == 0)
        let next = try RawPeer(bench.endpoint)
        try bench.run(until: "the oldest that is silent has made way") { _ in
            peers[2].receive()
            return peers[2].hasEnded
        }
        #expect(bench.shared.count.peers == 65 && bench.shared.connections.refused.value == 1)
        #expect(bench.takeNotices().map(\.kind) == [.refused])
        #expect(!stranger.hasEnded && !next.hasEnded)
    }

    /// Those that only connect keep nobody out, also of their own address.
    @Test func aHandshakeEndsInTimeAmongMany() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        bench.freeze()
        var silent: [RawPeer] = []
        for _ in 0..<3 {
            silent += try (0..<100).map { _ in try RawPeer(bench.endpoint) }
            let before = try bench.opened()
            let peer = try RawPeer(bench.endpoint)
            try peer.send(RawBytes.opening(as: "DEALER") + RawBytes.message("id", "{}"))
            try bench.run(until: "it is open, and its request came") {
                try $0.opened() == before + 1 && $0.all.count == before + 1
            }
            silent.append(peer)
        }
        // Those that have begun may have sent a message already.
        let begun = try (0..<64).map { _ in
            let peer = try RawPeer(bench.endpoint)
            try peer.send(Array(RawBytes.opening(as: "DEALER").prefix(20)))
            return peer
        }
        let late = try RawPeer(bench.endpoint)
        try bench.run(until: "one more is refused") { _ in
            late.receive()
            return late.hasEnded
        }
        for peer in begun {
            peer.receive()
            #expect(!peer.hasEnded)
        }
    }

    /// What a handshake held is not counted against others' messages, before or afterwards.
    @Test func oneThatFailsLeavesNoMemory() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        for number in 1...20 {
            let peer = try RawPeer(bench.endpoint)
            try peer.send(Array(RawBytes.opening(as: "PUSH").prefix(number * 4)))
            try bench.run(until: "it is there") { $0.shared.count.peers == 1 }
            peer.close()
            try bench.run(until: "it has failed") {
                $0.shared.connections.failedHandshakes.value == number
            }
        }
        #expect(try bench.partialBytes() == 0)
    }
}
