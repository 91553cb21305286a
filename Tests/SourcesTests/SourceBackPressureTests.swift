import Synchronization
import TestSupport
import Testing
import ZeroMQ
import ZeroMQSource

@testable import Intake

/// Full rings, pauses and drains: nothing is lost, and nobody waits forever.
@Suite struct SourceBackPressureTests {
    private func payload(_ number: Int, _ size: Int) -> String {
        "\(number) " + String(repeating: "x", count: size)
    }

    private func numbers(_ taken: [Taken]) -> [Int] {
        taken.map { Int($0.text.prefix { $0 != " " }) ?? -1 }
    }

    @Test(arguments: Engine.allCases) func aFullRingStallsAndNothingIsLostOrReordered(
        engine: Engine
    ) throws {
        let bench = try IntakeBench(engine, .local(.pull, highWaterMark: 10), ringBytes: 1 << 12)
        let peer = try Peer(.push, bench.endpoint, in: Context())
        for number in 0..<200 { try peer.send(payload(number, number * 2)) }
        try bench.run(until: "the receiver stalls", taking: false) {
            $0.shared.isStalled
        }
        let before = bench.shared.count.messages
        let count = try bench.work()
        #expect(count == 0)
        #expect(bench.shared.count.messages == before)
        try bench.run(until: "all messages came") { $0.all.count == 200 }
        #expect(numbers(bench.all) == Array(0..<200))
        #expect(!bench.shared.isStalled)
        #expect(bench.shared.count.messages == 200)
    }

    @Test(arguments: Engine.allCases) func theProducerFeelsAFullRing(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull, highWaterMark: 1), ringBytes: 1 << 14)
        let context = try Context()
        let socket = try Socket(.push, in: context)
        try socket.setLinger(.zero)
        try socket.setSendHighWaterMark(1)
        try socket.setSendBuffer(bytes: 4_096)
        try socket.connect(bench.endpoint)
        try socket.setSendTimeout(.milliseconds(500))
        let text = [UInt8](repeating: 120, count: 3_500)
        let isQueued = try text.withUnsafeBytes { try socket.send($0, more: false, wait: false) }
        #expect(isQueued)
        try bench.run(until: "the first came", taking: false) { $0.shared.count.messages == 1 }
        for _ in 0..<7 {
            let isSent = try text.withUnsafeBytes { try socket.send($0, more: false, wait: true) }
            #expect(isSent)
        }
        try bench.run(until: "the receiver stalls", taking: false) { $0.shared.isStalled }
        var sent = 8
        while try text.withUnsafeBytes({ try socket.send($0, more: false, wait: true) }) {
            sent += 1
            // Far more than the kernel's buffers can hold.
            try #require(sent < 100_000, "the producer never felt the full ring")
        }
        #expect(bench.shared.isStalled)
        try bench.run(until: "what was sent came") { $0.all.count == sent }
        #expect(bench.all.allSatisfy { $0.payload == text })
    }

    @Test(arguments: Engine.allCases) func itPausesWhileAllWritersAreBehind(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull), ringBytes: 1 << 14)
        let peer = try Peer(.push, bench.endpoint, in: Context())
        for number in 0..<12 { try peer.send(payload(number, 1_000)) }
        try bench.run(until: "more than half the ring is full", taking: false) {
            $0.shared.count.messages == 12
        }
        _ = bench.pauseMicroseconds
        #expect(try bench.work() == 0)
        #expect(bench.pauseMicroseconds == Lane.aheadMicroseconds)
        bench.aheadBytes = 100 << 20
        #expect(bench.pauseMicroseconds == 4 * Lane.aheadMicroseconds)
        bench.take()
        #expect(try bench.work() == 0)
        #expect(bench.pauseMicroseconds == 0)
    }

    @Test(arguments: Engine.allCases) func aDrainDoesNotPause(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull))
        bench.aheadBytes = 100 << 20
        #expect(bench.pauseMicroseconds > 0)
        bench.shared.ask(.draining)
        #expect(bench.pauseMicroseconds == 0)
    }

    @Test func itDoesNotPauseForPublishersWhoDrop() throws {
        let bench = try IntakeBench(.libzmq, .local(.sub))
        bench.aheadBytes = 100 << 20
        #expect(bench.pauseMicroseconds == 0)
    }

    /// A consumer that frees too little at first must be asked again, not only once.
    @Test(arguments: Engine.allCases) func everyReleaseIsSignalledUntilTheMessageFits(
        engine: Engine
    ) throws {
        let bench = try IntakeBench(engine, .local(.pull), ringBytes: 1 << 12)
        let peer = try Peer(.push, bench.endpoint, in: Context())
        for number in 0..<100 { try peer.send(payload(number, 20)) }
        try peer.send(payload(100, 450))
        try bench.run(until: "the receiver stalls", taking: false) {
            $0.shared.isStalled
        }
        let clock = ContinuousClock()
        let time = try clock.measure {
            try bench.run(until: "all are in the ring", taking: false) {
                $0.shared.count.messages == 101
            } onEachTurn: {
                $0.take(most: 1)
            }
        }
        bench.take()
        #expect(numbers(bench.all) == Array(0...100))
        // A lost signal would cost most of a second for each small release.
        #expect(time < .seconds(2), "took \(time)")
    }

    @Test(arguments: Engine.allCases) func spillsToTheNextRingOnlyWhenTheFirstIsBehind(
        engine: Engine
    ) throws {
        let bench = try IntakeBench(engine, .local(.pull), writers: 2, ringBytes: 1 << 16)
        let peer = try Peer(.push, bench.endpoint, in: Context())
        for number in 0..<20 { try peer.send(payload(number, 1_000)) }
        try bench.run(until: "twenty messages came", taking: false) {
            $0.shared.count.messages == 20
        }
        bench.take()
        #expect(bench.taken[0].count == 20 && bench.taken[1].isEmpty)
        for number in 20..<75 {
            try peer.send(payload(number, 1_000))
            try bench.run(until: "message \(number) came", taking: false) {
                $0.shared.count.messages == number + 1
            }
        }
        bench.take()
        #expect(bench.taken[0].count > 45 && bench.taken[1].count > 10)
        #expect(numbers(bench.taken[0]) == Array(0..<bench.taken[0].count))
        #expect(numbers(bench.taken[1]) == Array(bench.taken[0].count..<75))
        // After it is drained, the first ring is used again.
        try peer.send("75 ")
        try bench.run(until: "the last came") { $0.all.count == 76 }
        #expect(bench.taken[0].last?.text == "75 ")
    }

    @Test(arguments: Engine.allCases, [SourceShared.Request.paused, .blocked])
    func pausedAndBlockedTakeNothingAndGoOnAfterwards(
        engine: Engine,
        request: SourceShared.Request
    ) throws {
        let bench = try IntakeBench(engine, .local(.router))
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        try peer.send("one")
        try bench.run(until: "the first came") { $0.all.count == 1 }
        bench.shared.ask(request)
        try peer.send("two")
        for _ in 0..<3 { try bench.turn() }
        bench.take()
        #expect(bench.all.count == 1)
        // Answers still go out.
        try bench.answer(bench.all[0], .rejected("done"))
        var answer: [[UInt8]]?
        try bench.run(until: "the answer came") { _ in
            answer = try peer.receive()
            return answer != nil
        }
        #expect(bench.all.count == 1)
        bench.shared.cancel(request)
        try bench.run(until: "the second came") { $0.all.count == 2 }
    }

    @Test(arguments: Engine.allCases) func aDrainingRouterAnswersUnavailable(engine: Engine) throws
    {
        let bench = try IntakeBench(engine, .local(.router))
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        try peer.send(bytes("a"), bytes("{}"))
        try bench.run(until: "the first came") { $0.all.count == 1 }
        try bench.answer(bench.all[0], .rejected("done"))
        bench.shared.ask(.paused)
        for number in 0..<3 { try peer.send(bytes("\(number)"), bytes("{}")) }
        // Both sides have received everything once the answer to the first arrives.
        var answers: [[[UInt8]]] = []
        try bench.run(until: "the first is answered") { _ in
            if let answer = try peer.receive() { answers.append(answer) }
            return answers.count == 1
        }
        bench.shared.ask(.draining)
        try bench.run(until: "intake ended") { $0.shared.hasEnded }
        #expect(bench.all.count == 1 && !bench.isFinished)
        bench.shared.ask(.closing)
        #expect(bench.isFinished)
        while let answer = try peer.receive() { answers.append(answer) }
        let refusal = bytes(.unavailable("draining"))
        #expect(answers[0] == [bytes("a"), bytes(.rejected("done"))])
        #expect(answers.dropFirst().allSatisfy { $0.count == 2 && $0[1] == refusal })
    }

    @Test func aDrainTakesWhatHasArrivedFromAConnectedSource() throws {
        let context = try Context()
        let producer = try Socket(.push, in: context)
        try producer.setLinger(.zero)
        try producer.bind("inproc://drain")
        var configuration = SourceConfiguration.local(.pull)
        configuration.bind = []
        configuration.connect = ["inproc://drain"]
        let bench = try IntakeBench(.libzmq, configuration, ringBytes: 1 << 14, context: context)
        for number in 0..<300 {
            let text = Array(payload(number, 100).utf8)
            let isSent = try text.withUnsafeBytes {
                try producer.send($0, more: false, wait: false)
            }
            #expect(isSent)
        }
        bench.shared.ask(.draining)
        try bench.run(until: "intake ended") { $0.shared.hasEnded }
        #expect(numbers(bench.all) == Array(0..<300))
    }

    @Test func aDrainEndsWhenNothingComes() throws {
        let bench = try IntakeBench(.libzmq, .local(.sub))
        bench.shared.ask(.draining)
        try bench.run(until: "intake ended") { $0.shared.hasEnded }
        bench.shared.ask(.closing)
        #expect(bench.isFinished)
    }
}
