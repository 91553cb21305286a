import TestSupport
import Testing
import ZeroMQSource

@testable import Intake
@testable import ZMTPSource

/// Whose turn it is when messages are costly.
@Suite struct TurnsTests {
    private static let limit = Turns.queuedMax

    private static func record(_ payload: [UInt8], _ body: (IntakeRecord) -> Void) {
        payload.withUnsafeBytes { bytes in
            body(IntakeRecord(source: 0, peer: 7, receivedAt: 0, payload: bytes))
        }
    }

    private static func cost(
        of payload: [UInt8],
        isFirst: Bool = false,
        in book: PeerBook = PeerBook(ProducerBook(sources: 1), source: 0)
    ) -> Int64 {
        var cost: Int64 = -1
        record(payload) { cost = Turns.cost(of: $0, isFirst: isFirst, in: book) }
        return cost
    }

    @Test func plainMessagesCostNothingHere() {
        #expect(Self.cost(of: bytes("{}")) == 0)
        let book = PeerBook(ProducerBook(sources: 1), source: 0)
        // Two nanoseconds a byte, as plain events.
        book.noteCost(of: 7, bytes: 1_000, nanoseconds: 2_000)
        #expect(Self.cost(of: [UInt8](repeating: 120, count: 50_000), in: book) == 0)
    }

    @Test func whatEarlierMessagesCostIsExpectedOfLaterOnes() {
        let book = PeerBook(ProducerBook(sources: 1), source: 0)
        for _ in 0..<20 { book.noteCost(of: 7, bytes: 2_000, nanoseconds: 1_400_000) }
        let expected = Self.cost(of: [UInt8](repeating: 49, count: 2_000), in: book)
        #expect((1_300_000...1_400_000).contains(expected))
        // Its successor on the number begins anew.
        book.begin(7, name: "another")
        #expect(Self.cost(of: bytes("{}"), in: book) == 0)
        #expect(book.name(of: 7) == "another")
    }

    @Test func gzipIsExpectedToBeAsLongAsItCanBe() {
        let packed: [UInt8] = [0x1F, 0x8B] + [UInt8](repeating: 0, count: 998)
        #expect(Self.cost(of: packed) == (65_536 + 100_000) * 4)
        let book = PeerBook(ProducerBook(sources: 1), source: 0)
        book.noteCost(of: 7, bytes: 1_000, nanoseconds: 20_000)
        #expect(Self.cost(of: packed, in: book) == 20_000)
    }

    @Test func theFirstBytesOfAConnectionAreCostly() {
        #expect(Self.cost(of: bytes("{}"), isFirst: true) > 0)
    }

    @Test func aRingHasABoundedTimeOfCostlyWork() {
        #expect(Turns.admits(Self.limit * 10, queued: 0))
        #expect(Turns.admits(Self.limit / 2, queued: Self.limit / 2))
        #expect(!Turns.admits(Self.limit / 2 + 1, queued: Self.limit / 2))
    }

    @Test func theOneThatHasCostLeastIsNext() {
        var turns = Turns()
        #expect(turns.isEmpty)
        turns.wait(1, cost: 100, spent: 3_000)
        turns.wait(2, cost: Self.limit, spent: 2_000)
        turns.wait(3, cost: 100, spent: 1_000)
        let first = turns.next(queued: 1)
        #expect(first?.number == 3)
        // Not for the one after it, though that is cheap: its turn would never come.
        let none = turns.next(queued: 1)
        #expect(none == nil)
        let second = turns.next(queued: 0)
        #expect(second?.number == 2)
        // A new one begins where the last one was, not at nothing.
        turns.wait(4, cost: 100, spent: 0)
        turns.forget(1)
        let third = turns.next(queued: 0)
        #expect(third?.number == 4 && third?.spent == 2_000)
        #expect(turns.isEmpty)
    }

    @Test func theQueueForgetsWhatWasRead() {
        var queue = CostQueue()
        for at in 1...3 { queue.add(end: at * 100, cost: 10) }
        queue.remove(through: 99)
        #expect(queue.total == 30)
        queue.remove(through: 200)
        #expect(queue.total == 10)
        queue.remove(through: 300)
        #expect(queue.total == 0)
    }

    /// Messages of 1,000 equal bytes.
    private static func messages(_ count: Int, of byte: UInt8) -> [UInt8] {
        (0..<count).flatMap { _ in
            RawBytes.longHeader(1_000) + [UInt8](repeating: byte, count: 1_000)
        }
    }

    /// Two connections, one of which sends what takes long; nobody reads the ring meanwhile.
    @Test func costlyMessagesWaitAndOthersDoNot() throws {
        let bench = try IntakeBench(.listener, .local(.router))
        let costly = try bench.raw("DEALER")
        let plain = try bench.raw("DEALER")
        // Past the first bytes.
        try plain.send(Self.messages(40, of: 32))
        try bench.run(until: "they came") { $0.all.count == 40 }
        let book = bench.shared.peerBook
        book.noteCost(of: 1, bytes: 1_000, nanoseconds: 5_000_000)
        book.noteCost(of: 2, bytes: 1_000, nanoseconds: 1_000)
        try costly.send(Self.messages(20, of: 49))
        try bench.run(until: "some came", taking: false) { $0.shared.count.messages >= 44 }
        for _ in 0..<10 { _ = try bench.work() }
        #expect(bench.shared.count.messages == 44)
        try plain.send(RawBytes.message("in time"))
        try bench.run(until: "the plain one came", taking: false) {
            $0.shared.count.messages == 45
        }
        try bench.run(until: "all came") { $0.all.count == 61 }
    }
}
