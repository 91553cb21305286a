import Ring
import Synchronization
import Testing

@testable import Intake

/// A lane without any transport: the choice of writer, full rings, and records kept while held.
@Suite struct LaneTests {
    /// The writers' side of a lane's rings.
    private final class Bench {
        let shared: SourceShared
        let rings: [RingBuffer]
        let answers: [RingBuffer]
        var lane: Lane

        init(writers: Int = 1, ringBytes: Int = 1 << 14) throws {
            shared = try SourceShared()
            rings = try (0..<writers).map { _ in try RingBuffer(capacity: ringBytes) }
            answers = try (0..<writers).map { _ in try RingBuffer(capacity: 1 << 16) }
            lane = Lane(
                SourcePlace(
                    index: 2,
                    rings: rings,
                    parkers: (0..<writers).map { _ in Parker() },
                    answers: answers,
                    shared: shared
                )
            )
        }

        var isHolding: Bool { lane.isHolding }
        var waitsForRoom: Bool { lane.waitsForRoom }
        var takesMessages: Bool { lane.takesMessages }
        var isFinished: Bool { lane.isFinished }
        var isStalled: Bool { shared.stalled.load(ordering: .relaxed) }

        func offer(_ text: String) -> Bool {
            Self.record(text) { lane.offer($0) }
        }

        func keep(_ text: String) {
            Self.record(text) { lane.keep($0) }
        }

        static func record<Result>(_ text: String, _ body: (IntakeRecord) -> Result) -> Result {
            Array(text.utf8).withUnsafeBytes {
                body(IntakeRecord(source: 2, receivedAt: 5, payload: $0))
            }
        }

        /// Takes the messages of a ring; `wasAsked` tells whether the source waits for its room.
        func take(_ ring: Int, most: Int = .max) -> (texts: [String], wasAsked: Bool) {
            var consumer = RingConsumer(rings[ring])
            var texts: [String] = []
            while texts.count < most, let bytes = consumer.next() {
                texts.append(String(decoding: IntakeRecord(bytes).payload, as: UTF8.self))
            }
            consumer.release()
            return (texts, consumer.takeSpaceRequest())
        }
    }

    private func text(_ number: Int) -> String {
        "\(number) " + String(repeating: "x", count: 1_000)
    }

    @Test func aRecordThatFitsNowhereIsOfferedAgain() throws {
        let bench = try Bench(writers: 2)
        bench.lane.begin()
        var count = 0
        while bench.offer(text(count)) { count += 1 }
        bench.lane.end(messages: count)
        #expect(count > 20, "both rings were filled")
        #expect(bench.isHolding && bench.waitsForRoom && !bench.takesMessages)
        #expect(bench.isStalled)
        #expect(bench.shared.messages.value == count)
        let first = bench.take(0)
        let second = bench.take(1)
        #expect(first.wasAsked || second.wasAsked, "the writers were asked for a signal")
        bench.lane.begin()
        let isTaken = bench.offer(text(count))
        #expect(isTaken && !bench.isHolding && bench.takesMessages)
        bench.lane.end(messages: 1)
        #expect(!bench.isStalled)
        let rest = bench.take(0).texts + bench.take(1).texts
        #expect(first.texts + second.texts + rest == (0...count).map(text))
    }

    @Test func theFirstWriterIsKeptUntilItFallsBehind() throws {
        let bench = try Bench(writers: 2)
        var isFirst: [Bool] = []
        for number in 0..<12 {
            bench.lane.begin()
            isFirst.append(bench.lane.target == 0)
            _ = bench.offer(text(number))
            bench.lane.end(messages: 1)
        }
        // Half a ring has room for eight messages.
        #expect(isFirst.prefix(8).allSatisfy { $0 } && !isFirst.suffix(3).contains(true))
        #expect(bench.lane.catchUpMicroseconds == 0)
        bench.lane.aheadBytes = 100 << 20
        #expect(bench.lane.catchUpMicroseconds == 4 * Lane.aheadMicroseconds)
        bench.lane.aheadBytes = 1
        #expect(bench.lane.catchUpMicroseconds == Lane.aheadMicroseconds)
    }

    @Test func whatWasKeptGoesFirstAndInOrder() throws {
        let bench = try Bench()
        for number in 0..<40 { bench.keep(text(number)) }
        #expect(bench.lane.heldCount == 40)
        var taken: [String] = []
        while bench.lane.hasHeld {
            var count = 0
            bench.lane.begin()
            let isEmpty = bench.lane.putHeld(&count)
            bench.lane.end(messages: count)
            let waits = bench.waitsForRoom
            #expect(isEmpty != waits)
            taken += bench.take(0, most: 5).texts
        }
        taken += bench.take(0).texts
        #expect(taken == (0..<40).map(text))
        #expect(!bench.isStalled)
    }

    @Test func whatIsHeldHasABound() {
        var held = HeldRecords()
        let record = [UInt8](repeating: 1, count: 1 << 20)
        while held.hasRoom { held.append(record) }
        #expect(held.bytes == HeldRecords.bytesMax && held.count == 8)
        held.removeFirst()
        #expect(held.hasRoom && held.count == 7)
        var isEven = false
        let removed = held.removeAll { _ in
            isEven.toggle()
            return isEven
        }
        #expect(removed == 4 && held.count == 3 && held.bytes == 3 << 20)
        while !held.isEmpty { held.removeFirst() }
        #expect(held.bytes == 0 && held.first == nil)
    }

    @Test func requestsAreFlagsOfTheirOwn() throws {
        let bench = try Bench()
        #expect(bench.takesMessages && !bench.isFinished)
        for request in [SourceShared.Request.paused, .blocked, .loading] {
            bench.shared.ask(request)
            #expect(!bench.takesMessages)
            bench.shared.cancel(request)
        }
        #expect(bench.takesMessages)
        bench.shared.intakeEnded.store(true, ordering: .releasing)
        bench.shared.ask(.closing)
        #expect(bench.isFinished && !bench.takesMessages)
    }

    @Test func answersOfAllWritersAreTaken() throws {
        let bench = try Bench(writers: 3)
        for ring in 0..<3 {
            var producer = RingProducer(bench.answers[ring], consumer: Parker())
            let answer = Answer(.committed, events: ring)
            Bench.record("") { record in
                let size = PostedAnswer.byteCount(for: record, answer: answer.byteCount)
                if let room = producer.claim(size) {
                    answer.write(to: PostedAnswer.writeAddress(of: record, to: room))
                }
            }
            producer.publish()
        }
        var events: [Int] = []
        while let posted = bench.lane.nextAnswer() { events.append(posted.answer.events) }
        #expect(events == [0, 1, 2])
        let more = bench.lane.nextAnswer() != nil
        #expect(!more)
    }
}
