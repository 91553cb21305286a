import Synchronization
import TestSupport
import Testing
import ZeroMQSource

@testable import Intake
@testable import ZMTPSource

/// Connections that end, or a source that does, while something is unread or unsent.
@Suite struct ListenerEndsTests {
    /// A request of 1,000 bytes.
    private static let request =
        [1, 2] + bytes("id") + RawBytes.longHeader(1_000) + [UInt8](repeating: 49, count: 1_000)

    private func hold(_ bench: IntakeBench, _ number: UInt16) throws -> Connection.Hold {
        try bench.listening().listener.connections[number]?.pointee.hold ?? []
    }

    /// Sends a request that the bench takes, and more that wait for their turn.
    private func makeCostly(_ bench: IntakeBench, _ peer: RawPeer) throws {
        try peer.send(RawBytes.message("id", "first"))
        try bench.run(until: "its first request came") { $0.all.count == 1 }
        bench.shared.peerBook.noteCost(of: 1, bytes: 1_000, nanoseconds: 5_000_000)
        try peer.send((0..<20).flatMap { _ in Self.request })
        try bench.run(until: "it waits for its turn", taking: false) {
            try hold($0, 1) == .costly
        }
    }

    @Test func aDrainAnswersRequestsThatWaitForTheirTurn() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peer = try bench.raw("DEALER")
        let other = try bench.raw("DEALER")
        try makeCostly(bench, peer)
        let taken = bench.shared.count.messages - 1
        #expect((1..<20).contains(taken))
        bench.shared.ask(.draining)
        let answer = RawBytes.message("id", AnswerText.json(.unavailable("draining")))
        let expected = (taken..<20).flatMap { _ in answer }
        // No writer reads the ring meanwhile.
        try bench.run(until: "all are answered", taking: false) { _ in
            peer.receive()
            return peer.received.count >= expected.count
        }
        #expect(peer.received == expected && !other.hasEnded)
    }

    @Test func aDrainAnswersWhileTheWritersAreFarBehind() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peers = try (0..<2).map { _ in try bench.raw("DEALER") }
        bench.aheadBytes = 100 << 20
        bench.shared.ask(.draining)
        try peers[0].send(RawBytes.message("id", "{}"))
        let answer = RawBytes.message("id", AnswerText.json(.unavailable("draining")))
        try bench.run(until: "it is answered") { _ in peers[0].has(answer) }
    }

    @Test func aConnectionThatEndedAndDoesNotTakeItsAnswersIsClosed() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let deaf = try bench.raw("DEALER", receiveBuffer: 4_096)
        let other = try bench.raw("DEALER")
        try makeCostly(bench, deaf)
        deaf.endSending()
        for _ in 0..<5 { _ = try bench.work() }
        // Its requests are not lost: their turn comes.
        #expect(try hold(bench, 1) == .costly)
        let answer = Answer.rejected(String(repeating: "a", count: 8_000))
        while try hold(bench, 1) == .costly {
            try bench.answer(bench.all[0], answer)
            _ = try bench.work()
        }
        try bench.run(until: "it is closed", taking: false) {
            try $0.listening().listener.connections[1] == nil
        }
        #expect(bench.shared.count.peers == 1 && !other.hasEnded)
    }

    /// Its socket was full after its end was noticed.
    @Test func aConnectionThatEndedGetsAllItsAnswers() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let slow = try bench.raw("DEALER", receiveBuffer: 4_096)
        let other = try bench.raw("DEALER")
        try makeCostly(bench, slow)
        slow.endSending()
        for _ in 0..<5 { _ = try bench.work() }
        let answer = Answer.rejected(String(repeating: "a", count: 8_000))
        var count = 0
        while try bench.listening().listener.connections[1]?.pointee.output.isFull == false {
            count += 1
            try bench.answer(bench.all[0], answer)
            _ = try bench.work()
        }
        // Two frames: the id, and the text in a long one.
        let expected = count * (4 + 9 + bytes(answer).count)
        try bench.run(until: "all came", taking: false) { _ in
            slow.receive()
            return slow.received.count == expected
        }
        try bench.run(until: "its requests came") { $0.all.count == 21 }
        #expect(!other.hasEnded)
    }

    /// Closing a socket with unread bytes drops what it has not sent.
    @Test func answersArriveAlthoughTheSourceClosesWithUnreadRequests() throws {
        var bench: IntakeBench? = try IntakeBench(.listener, .local(.router))
        let peer = try #require(try bench?.raw("DEALER", receiveBuffer: 4_096))
        let answer = Answer.rejected(String(repeating: "a", count: 8_000))
        try peer.send(RawBytes.message("id", "{}"))
        try bench?.run(until: "the request came") { $0.all.count == 1 }
        bench?.shared.ask(.paused)
        try peer.send(RawBytes.message("id", "not read"))
        for _ in 0..<6 {
            if let taken = bench?.all[0] { try bench?.answer(taken, answer) }
            _ = try bench?.work()
        }
        bench = nil
        let deadline = ContinuousClock.now + .seconds(30)
        while !peer.hasEnded, ContinuousClock.now < deadline { peer.receive() }
        #expect(peer.received.count == 6 * (4 + 9 + bytes(answer).count))
    }
}
