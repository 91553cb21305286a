import Synchronization
import TestSupport
import Testing
import ZeroMQ
import ZeroMQSource

@testable import Intake

/// Requests that arrive while intake is held.
@Suite struct SourceHeldTests {
    @Test func theyAreTakenInWhenIntakeGoesOn() throws {
        let bench = try IntakeBench(.libzmq, .local(.router))
        bench.shared.ask(.paused)
        let context = try Context()
        do {
            let gone = try Peer(.dealer, bench.endpoint, in: context)
            try gone.send(bytes("id"), bytes("of one that leaves"))
            try bench.run(until: "it is held") { $0.heldCount == 1 }
        }
        let peer = try Peer(.dealer, bench.endpoint, in: context)
        for number in 0..<300 { try peer.send([UInt8(number % 256)], bytes("\(number)")) }
        try bench.run(until: "all are held") { $0.heldCount == 301 }
        #expect(bench.all.isEmpty && bench.shared.count.messages == 0)
        bench.shared.cancel(.paused)
        try bench.run(until: "all came") { $0.all.count == 301 }
        #expect(bench.all.map(\.text) == ["of one that leaves"] + (0..<300).map(String.init))
        #expect(bench.all.last?.envelope == [[UInt8(299 % 256)]])
        #expect(bench.shared.count.messages == 301)
        try bench.answer(bench.all[300], .rejected("answered"))
        var answer: [[UInt8]]?
        try bench.run(until: "the answer came") { _ in
            answer = try peer.receive()
            return answer != nil
        }
        #expect(answer == [[UInt8(299 % 256)], bytes(.rejected("answered"))])
    }

    @Test func theyWaitForRoomInTheRings() throws {
        let bench = try IntakeBench(.libzmq, .local(.router), ringBytes: 1 << 14)
        bench.shared.ask(.blocked)
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        let text = String(repeating: "x", count: 1_000)
        for number in 0..<100 { try peer.send("\(number) \(text)") }
        try bench.run(until: "all are held") { $0.heldCount == 100 }
        bench.shared.cancel(.blocked)
        try bench.run(until: "the ring is full", taking: false) { $0.shared.isStalled }
        let waits = bench.heldWaits
        #expect(waits)
        try bench.run(until: "all came") { $0.all.count == 100 }
        #expect(bench.all.map(\.text) == (0..<100).map { "\($0) \(text)" })
        #expect(!bench.shared.isStalled)
    }

    @Test(arguments: Engine.allCases) func aDrainRefusesThem(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.router))
        bench.shared.ask(.paused)
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        try peer.send(bytes("a"), bytes("{}"))
        try bench.run(until: "it is held, or waits in its socket") {
            engine == .libzmq ? $0.heldCount == 1 : $0.shared.count.peers == 1
        }
        bench.shared.ask(.draining)
        var answer: [[UInt8]]?
        try bench.run(until: "it is refused") { _ in
            answer = try peer.receive()
            return answer != nil
        }
        #expect(answer == [bytes("a"), bytes(.unavailable("draining"))])
        #expect(bench.all.isEmpty && bench.shared.hasEnded)
    }

    /// Messages without answers stay where their producers feel back-pressure.
    @Test(arguments: Engine.allCases) func pullHoldsNone(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull))
        bench.shared.ask(.paused)
        let peer = try Peer(.push, bench.endpoint, in: Context())
        try peer.send("one")
        try bench.run(until: "the peer is there") { $0.shared.count.peers == 1 }
        for _ in 0..<5 { try bench.turn() }
        let count = bench.heldCount
        #expect(count == 0 && bench.all.isEmpty)
        bench.shared.cancel(.paused)
        try bench.run(until: "it came") { $0.all.count == 1 }
    }
}
