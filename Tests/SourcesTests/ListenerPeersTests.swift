import Synchronization
import TestSupport
import Testing
import ZeroMQ
import ZeroMQSource

@testable import Intake
@testable import ZMTPSource

/// Open connections: names, silence, commands.
@Suite struct ListenerPeersTests {
    @Test func peersOfOneRoutingIDAreAllServed() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peers = try (0..<3).map { _ in
            try Peer(.dealer, bench.endpoint, in: Context(), id: bytes("same"))
        }
        for (at, peer) in peers.enumerated() { try peer.send(bytes("id"), bytes("\(at)")) }
        try bench.run(until: "all requests came") { $0.all.count == 3 }
        #expect(Set(bench.all.map(\.routingID)).count == 3)
        for taken in bench.all { try bench.answer(taken, .rejected("to \(taken.text)")) }
        for (at, peer) in peers.enumerated() {
            var answer: [[UInt8]]?
            try bench.run(until: "peer \(at) is answered") { _ in
                answer = try peer.receive()
                return answer != nil
            }
            #expect(answer == [bytes("id"), bytes(.rejected("to \(at)"))])
        }
        #expect(bench.shared.count.acknowledgementsDropped == 0)
    }

    /// The number is another connection's when the answer is sent.
    @Test func anAnswerNeverGoesToANewConnectionWithTheNumberOfAnOldOne() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peer = try bench.raw("DEALER")
        try peer.send(RawBytes.message("id", "{}"))
        try bench.run(until: "the request came") { $0.all.count == 1 }
        var taken = bench.all[0]
        // As an earlier connection with the same number would have been named.
        let at = try #require(taken.record.firstRange(of: [4] + taken.routingID)).lowerBound
        taken.record[at + 1] ^= 0xFF
        try bench.answer(taken, .rejected("wrong"))
        try bench.run(until: "it is dropped") { $0.shared.count.acknowledgementsDropped == 1 }
        try bench.answer(bench.all[0], .rejected("right"))
        try bench.run(until: "it is answered") { _ in peer.has(bytes("right")) }
        #expect(!peer.has(bytes("wrong")))
    }

    @Test(arguments: [("PUSH", SourceConfiguration.Pattern.pull), ("DEALER", .router)])
    func aSilentPeerIsAskedAfterTenSecondsAndEndedAfterThirty(
        type: String,
        pattern: SourceConfiguration.Pattern
    ) throws {
        let bench = try IntakeBench(.listener, .local(pattern))
        bench.freeze()
        let peer = try bench.raw(type)
        try bench.pass(seconds: 8)
        peer.receive()
        #expect(peer.received.isEmpty)
        try bench.pass(seconds: 3)
        try bench.run(until: "it is asked") { _ in peer.has(RawBytes.ping) }
        // Once.
        try bench.pass(seconds: 3)
        peer.receive()
        #expect(peer.received == RawBytes.ping)
        peer.forget()
        try peer.send(RawBytes.pong)
        try bench.run(until: "its answer is read") {
            let end = try $0.listening()
            return end.listener.connections[1]?.pointee.heardAt == end.listener.now
        }
        try bench.pass(seconds: 25)
        #expect(bench.shared.count.peers == 1)
        try bench.run(until: "it is asked again") { _ in peer.has(RawBytes.ping) }
        try bench.pass(seconds: 6)
        #expect(bench.shared.count.peers == 0)
        #expect(bench.shared.connections.timedOut.value == 1)
        #expect(bench.takeNotices().map(\.kind) == [.timedOut])
    }

    @Test func silenceDoesNotCountWhileItIsNotRead() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        bench.freeze()
        let peer = try bench.raw("PUSH")
        bench.shared.ask(.blocked)
        for _ in 0..<4 { try bench.pass(seconds: 29) }
        bench.shared.cancel(.blocked)
        try bench.pass(seconds: 8)
        peer.receive()
        #expect(bench.shared.count.peers == 1 && peer.received.isEmpty)
        try bench.pass(seconds: 23)
        #expect(bench.shared.connections.timedOut.value == 1)
    }

    /// ZMTP 2.0 has no commands.
    @Test func anOldPeerIsNotAsked() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        bench.freeze()
        let peer = try RawPeer(bench.endpoint)
        try peer.send(RawBytes.oldOpening(as: 8))
        try bench.run(until: "it is in") { try $0.opened() == 1 }
        for _ in 0..<5 { try bench.pass(seconds: 20) }
        #expect(bench.shared.count.peers == 1)
        #expect(!peer.has(RawBytes.ping))
        try peer.send(RawBytes.ping)
        try bench.run(until: "its command is a violation") {
            $0.shared.connections.violations.value == 1
        }
    }

    @Test func aPingIsAnswered() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peer = try bench.raw("DEALER")
        try peer.send([4, 9, 4] + bytes("PING") + [0, 9, 1, 2])
        try bench.run(until: "its answer came") { _ in
            peer.has([4, 7, 4] + bytes("PONG") + [1, 2])
        }
        try peer.send([1, 2] + bytes("id") + RawBytes.ping + RawBytes.message("{}"))
        try bench.run(until: "the request came") { $0.all.count == 1 }
        #expect(bench.all[0].envelope == [bytes("id")])
        try bench.run(until: "the second answer came") { _ in peer.has(RawBytes.pong) }
    }

    @Test(arguments: [[8, 0], [4, 0], [4, 6, 5, 83, 85, 66, 83, 67], [5, 1, 65]] as [[UInt8]])
    func whatIsNoFrameOrNoKnownCommandIsAViolation(sent: [UInt8]) throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        let peer = try bench.raw("PUSH")
        let other = try bench.raw("PUSH")
        try peer.send(sent)
        try bench.run(until: "it is counted") { $0.shared.connections.violations.value == 1 }
        #expect(bench.takeNotices().map(\.kind) == [.violation])
        try other.send(RawBytes.message("other"))
        try bench.run(until: "the other goes on") { $0.all.map(\.text) == ["other"] }
    }
}
