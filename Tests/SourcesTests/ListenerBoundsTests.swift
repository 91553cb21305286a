import Synchronization
import TestSupport
import Testing
import Wire
import ZeroMQSource

@testable import Intake
@testable import ZMTPSource

/// What one connection may hold: answers, requests, unfinished messages.
@Suite struct ListenerBoundsTests {
    private func hold(_ bench: IntakeBench, _ number: UInt16) throws -> Connection.Hold {
        try bench.listening().listener.connections[number]?.pointee.hold ?? []
    }

    @Test func aConnectionThatDoesNotReadItsAnswersIsNotReadUntilItDoes() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let deaf = try bench.raw("DEALER", receiveBuffer: 4_096)
        let other = try bench.raw("DEALER")
        try deaf.send(RawBytes.message("id", "first"))
        try bench.run(until: "its request came") { $0.all.count == 1 }
        let answer = Answer.rejected(String(repeating: "a", count: 8_000))
        var count = 0
        while try hold(bench, 1) == [] {
            count += 1
            try #require(count < 500, "it is read however much waits for it")
            try bench.answer(bench.all[0], answer)
            _ = try bench.work()
        }
        #expect(try hold(bench, 1) == .answersUnread)
        try deaf.send(RawBytes.message("id", "second"))
        try other.send(RawBytes.message("id", "other"))
        try bench.run(until: "the other's request came") { $0.all.count == 2 }
        for _ in 0..<5 { _ = try bench.work() }
        bench.take()
        #expect(bench.all.map(\.text) == ["first", "other"])
        try bench.answer(bench.all[1], .rejected("heard"))
        try bench.run(until: "the other is answered") { _ in other.has(bytes("heard")) }
        // Silence does not count while it is not read; the other's does.
        for _ in 0..<3 { try bench.pass(seconds: 20) }
        #expect(bench.shared.connections.timedOut.value == 1)
        #expect(try hold(bench, 1) == .answersUnread)
        try bench.run(until: "its second request came") {
            deaf.receive()
            return $0.all.count == 3
        }
        #expect(bench.all[2].text == "second")
        #expect(bench.shared.count.acknowledgementsDropped == 0)
    }

    /// More answers than may wait are dropped.
    @Test func answersBeyondAMebibyteAreDropped() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let deaf = try bench.raw("DEALER", receiveBuffer: 4_096)
        try deaf.send(RawBytes.message("id", "{}"))
        try bench.run(until: "its request came") { $0.all.count == 1 }
        let answer = Answer.rejected(String(repeating: "a", count: 8_000))
        for _ in 0..<400 {
            try bench.answer(bench.all[0], answer)
            _ = try bench.work()
        }
        #expect(bench.shared.count.acknowledgementsDropped > 0)
        let waiting = try bench.listening().listener.connections[1]?.pointee.output.count ?? 0
        #expect(waiting >= 1 << 19 && waiting < 1 << 20 + 10_000)
    }

    @Test func aConnectionWithTooManyUnansweredRequestsIsNotReadUntilHalfAreAnswered() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let peer = try bench.raw("DEALER")
        let text = String(repeating: "x", count: 40)
        let requests = RawBytes.message(text)
        var left = (0..<30_000).flatMap { _ in requests }[...]
        try bench.run(until: "it is not read") {
            left = left.dropFirst(peer.offer(left))
            return try hold($0, 1) == .requestsUnanswered
        }
        for _ in 0..<20 {
            _ = try bench.work()
            bench.take()
        }
        let count = bench.all.count
        // A read more, at most.
        #expect((16_384...(16_384 + ReadBuffer.turnBytes / requests.count + 1)).contains(count))
        for (at, taken) in bench.all.prefix(count - 8_192).enumerated() {
            #expect(try hold(bench, 1) == .requestsUnanswered, "after \(at) answers")
            try bench.answer(taken, Answer(.committed, events: 1))
            if at % 100 == 99 || at == count - 8_193 {
                _ = try bench.work()
                peer.receive()
            }
        }
        #expect(try hold(bench, 1) == [])
        try bench.run(until: "all requests came") {
            left = left.dropFirst(peer.offer(left))
            return left.isEmpty && $0.all.count > count
        }
    }

    @Test func theOldestUnfinishedMessageIsCut() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        try bench.listening().listener.door.partialBytesMax = 600 << 10
        let payload = [UInt8](repeating: 0x20, count: 250_000)
        let message = RawBytes.longHeader(payload.count) + payload
        let peers = try (0..<3).map { _ in try bench.raw("PUSH") }
        for (at, peer) in peers.enumerated() {
            var left = message.prefix(200_000)
            try bench.run(until: "most of it has come") {
                left = left.dropFirst(peer.offer(left))
                let connection = try $0.listening().listener.connections[UInt16(at + 1)]
                return (connection?.pointee.input.count ?? 200_000) >= 200_000
                    || $0.shared.connections.overBudget.value > 0 && left.isEmpty
            }
        }
        #expect(bench.shared.connections.overBudget.value == 1)
        #expect(bench.takeNotices().map(\.kind) == [.overBudget])
        for (at, peer) in peers.enumerated() {
            peer.receive()
            #expect(peer.hasEnded == (at == 0))
        }
        for peer in peers.dropFirst() {
            var left = message.dropFirst(200_000)
            let before = bench.all.count
            try bench.run(until: "its message is whole") {
                left = left.dropFirst(peer.offer(left))
                return $0.all.count == before + 1
            }
        }
        #expect(bench.all.allSatisfy { $0.payload == payload })
        #expect(try bench.partialBytes() == 0)
    }

    /// A length that is only announced uses no memory.
    @Test func anUnfinishedMessageUsesMemoryForWhatCame() throws {
        let bench = try IntakeBench(.listener, .local(.pull))
        let peer = try bench.raw("PUSH")
        try peer.send(RawBytes.longHeader(200_000) + [UInt8](repeating: 0, count: 20_000))
        try bench.run(until: "it is kept") { try $0.partialBytes() > 0 }
        try bench.run(until: "all of it is") {
            try $0.listening().listener.connections[1]?.pointee.input.count ?? 0 >= 20_009
        }
        #expect(try bench.partialBytes() <= 2 * 20_009 + 65_536)
        peer.close()
        try bench.run(until: "it has left") { $0.shared.count.peers == 0 }
        #expect(try bench.partialBytes() == 0)
    }

    /// Refused messages are dropped as they come, and end no connection.
    @Test func aPayloadThatNoRecordCanHoldCostsNoMemory() throws {
        let bench = try IntakeBench(.listener, .local(.pull), ringBytes: 1 << 16)
        let peer = try bench.raw("PUSH")
        var left = (RawBytes.longHeader(3 << 20) + [UInt8](repeating: 0, count: 3 << 20))[...]
        left += RawBytes.message("next")
        try bench.run(until: "the next message came") {
            left = left.dropFirst(peer.offer(left))
            let count = try $0.partialBytes()
            #expect(count <= 1 << 17)
            return $0.all.count == 1
        }
        #expect(bench.all[0].text == "next" && bench.shared.count.rejected == 1)
    }
}
