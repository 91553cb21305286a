import Synchronization
import TestSupport
import Testing
import ZeroMQSource

@testable import Intake
@testable import ZMTPSource

/// Connections that end while intake is held, and what a drain does.
@Suite struct ListenerHeldTests {
    @Test func requestsOfARouterConnectionThatEndedAreKept() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let stays = try bench.raw("DEALER")
        let leaves = try bench.raw("DEALER")
        bench.shared.ask(.paused)
        try leaves.send((0..<300).flatMap { RawBytes.message("id", "\($0)") })
        try stays.send(RawBytes.message("id", "of one that stays"))
        leaves.close()
        try bench.run(until: "they are kept") { $0.heldCount == 300 }
        #expect(bench.all.isEmpty && bench.shared.count.peers == 1)
        bench.shared.cancel(.paused)
        try bench.run(until: "all came") { $0.all.count == 301 }
        #expect(bench.all.map(\.text) == (0..<300).map(String.init) + ["of one that stays"])
        #expect(bench.all.allSatisfy { $0.envelope == [bytes("id")] })
        #expect(bench.shared.count.messages == 301)
        #expect(try bench.partialBytes() == 0)
    }

    /// As much as a Unix socket's buffer holds, which more than one read takes; the last message is
    /// not whole.
    @Test func keptRequestsAreReadToTheEnd() throws {
        let folder = try TemporaryFolder(prefix: "held")
        var configuration = SourceConfiguration.local(.router)
        configuration.bind = ["ipc://\(folder.path)/s"]
        let bench = try IntakeBench(.listener, configuration)
        let peer = try bench.raw("DEALER")
        bench.shared.ask(.blocked)
        let request = RawBytes.message("id", String(repeating: "x", count: 240))
        let sent = peer.offer((0..<1_000).flatMap { _ in request })
        try #require(sent > ReadBuffer.turnBytes + 2 * request.count)
        peer.close()
        let count = sent / request.count
        try bench.run(until: "they are kept") {
            $0.heldCount == count && $0.shared.count.peers == 0
        }
        #expect(try bench.partialBytes() == 0)
        bench.shared.cancel(.blocked)
        try bench.run(until: "all came") { $0.all.count == count }
    }

    /// The messages of another connection are in the read buffer meanwhile.
    @Test func keptRequestsDoNotReplaceThoseThatWaitForRoom() throws {
        let bench = try IntakeBench(.listener, .local(.router), ringBytes: 1 << 14)
        let stays = try bench.raw("DEALER")
        let leaves = try bench.raw("DEALER")
        let text = String(repeating: "x", count: 200)
        try stays.send((0..<200).flatMap { RawBytes.message("stays", "\($0) \(text)") })
        try bench.run(until: "the ring is full", taking: false) { $0.shared.isStalled }
        bench.shared.ask(.blocked)
        try leaves.send((0..<50).flatMap { RawBytes.message("leaves", "\($0) \(text)") })
        leaves.close()
        try bench.run(until: "they are kept", taking: false) { $0.heldCount == 50 }
        bench.shared.cancel(.blocked)
        try bench.run(until: "all came") { $0.all.count == 250 }
        for (name, count) in [("stays", 200), ("leaves", 50)] {
            let texts = bench.all.filter { $0.envelope == [bytes(name)] }.map(\.text)
            #expect(texts == (0..<count).map { "\($0) \(text)" })
        }
        #expect(!bench.shared.isStalled)
        #expect(try bench.partialBytes() == 0)
    }

    /// No ring has room for what another connection has sent.
    @Test func requestsOfAConnectionThatEndedWaitForRoom() throws {
        let bench = try IntakeBench(.listener, .local(.router), ringBytes: 1 << 14)
        let stays = try bench.raw("DEALER")
        let leaves = try bench.raw("DEALER")
        let text = String(repeating: "x", count: 200)
        try stays.send((0..<200).flatMap { RawBytes.message("stays", "\($0) \(text)") })
        try bench.run(until: "the ring is full", taking: false) { $0.shared.isStalled }
        try leaves.send((0..<50).flatMap { RawBytes.message("leaves", "\($0) \(text)") })
        leaves.close()
        for _ in 0..<20 { _ = try bench.work() }
        #expect(bench.shared.count.peers == 2)
        try bench.run(until: "all came") { $0.all.count == 250 }
        try bench.run(until: "its end is noticed") { $0.shared.count.peers == 1 }
    }

    @Test func messagesOfAPullConnectionThatEndedStayInItsSocket() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        let peer = try bench.raw("PUSH")
        bench.shared.ask(.paused)
        try peer.send((0..<300).flatMap { RawBytes.message("\($0)") })
        peer.close()
        for _ in 0..<5 { _ = try bench.work() }
        #expect(bench.heldCount == 0 && bench.shared.count.peers == 1)
        bench.shared.cancel(.paused)
        try bench.run(until: "all came, and it has left") {
            $0.all.count == 300 && $0.shared.count.peers == 0
        }
        #expect(bench.all.map(\.text) == (0..<300).map(String.init))
    }

    @Test func aDrainOfPullTakesWhatHasArrived() throws {
        let bench = try IntakeBench(.listener, .local(.pull), ringBytes: 1 << 14)
        let peers = try (0..<2).map { _ in try bench.raw("PUSH") }
        bench.shared.ask(.paused)
        let text = String(repeating: "x", count: 100)
        for peer in peers { try peer.send((0..<300).flatMap { RawBytes.message("\($0) \(text)") }) }
        peers[1].close()
        bench.shared.ask(.draining)
        try bench.run(until: "intake ended") { $0.shared.hasEnded }
        bench.take()
        #expect(bench.all.count == 600)
        bench.shared.ask(.closing)
        try bench.run(until: "it is finished") { $0.isFinished }
    }

    @Test func aDrainOfARouterAnswersEveryRequest() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peer = try bench.raw("DEALER")
        let gone = try bench.raw("DEALER")
        bench.shared.ask(.paused)
        try gone.send(RawBytes.message("id", "of one that leaves"))
        gone.close()
        try bench.run(until: "it is kept") { $0.heldCount == 1 }
        try peer.send((100..<200).flatMap { RawBytes.message("\($0)", "{}") })
        bench.shared.ask(.draining)
        try bench.run(until: "intake ended") { $0.shared.hasEnded }
        let text = AnswerText.json(.unavailable("draining"))
        let answers = (100..<200).flatMap { RawBytes.message("\($0)", text) }
        try bench.run(until: "all are answered") { _ in
            peer.receive()
            return peer.received.count >= answers.count
        }
        #expect(peer.received == answers)
        // Also those that come later.
        peer.forget()
        try peer.send(RawBytes.message("late", "{}"))
        try bench.run(until: "it is answered") { _ in peer.has(RawBytes.message("late", text)) }
        #expect(bench.all.isEmpty && bench.heldCount == 0)
        bench.shared.ask(.closing)
        try bench.run(until: "it is finished") { $0.isFinished }
    }
}
