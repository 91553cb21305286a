import Foundation
import Synchronization
import TestSupport
import Testing
import ZeroMQ
import ZeroMQSource

@testable import Intake

/// The records that arrive in the rings, by pattern.
@Suite struct SourceMessagesTests {
    @Test(arguments: Engine.allCases) func ofAPullMessagesFramesTheLastCounts(engine: Engine) throws
    {
        let bench = try IntakeBench(engine, .local(.pull))
        let peer = try Peer(.push, bench.endpoint, in: Context())
        try peer.send("one")
        try peer.send("topic", "middle", "two")
        try peer.send("")
        try bench.run(until: "three messages came") { $0.all.count == 3 }
        #expect(bench.all.map(\.text) == ["one", "two", ""])
        #expect(bench.all.allSatisfy { !$0.isAnswered && $0.routingID.isEmpty })
        #expect(bench.shared.count.messages == 3)
        #expect(bench.shared.count.bytes == 6)
    }

    @Test(arguments: Engine.allCases) func endpointsTellTheAssignedPort(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull))
        let port = Int(bench.endpoint.split(separator: ":").last ?? "") ?? 0
        #expect(bench.endpoint.hasPrefix("tcp://127.0.0.1:") && port > 0)
    }

    @Test func subTakesItsTopicsAndOnlyTheLastFrame() throws {
        let bench = try IntakeBench(.libzmq, .local(.sub, topics: ["a", "c"]))
        let peer = try Peer(.pub, bench.endpoint, in: Context())
        // Messages published before the subscription are lost: publish until one arrives.
        try bench.run(until: "a subscribed message came") { bench in
            try peer.send("b", "no")
            try peer.send("a1", "yes")
            return !bench.all.isEmpty
        }
        try peer.send("c", "last")
        try bench.run(until: "the last one came") { $0.all.last?.text == "last" }
        #expect(Set(bench.all.map(\.text)) == ["yes", "last"])
    }

    @Test(arguments: Engine.allCases) func routerKeepsRoutingIDAndEnvelope(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.router))
        let longest = (0..<255).map { UInt8(truncatingIfNeeded: 255 - $0) }
        let peer = try Peer(.dealer, bench.endpoint, in: Context(), id: longest)
        try peer.send([0], bytes("one"))
        try peer.send(longest, bytes("two"))
        try peer.send([], bytes("three"))
        try peer.send(bytes("bare"))
        try peer.send([7], [])
        try peer.send([1, 2, 3, 4], [], bytes("correlated"))
        try bench.run(until: "six messages came") { $0.all.count == 6 }
        let envelopes: [[[UInt8]]] = [[[0]], [longest], [[]], [], [[7]], [[1, 2, 3, 4], []]]
        #expect(bench.all.map(\.envelope) == envelopes)
        #expect(bench.all.map(\.text) == ["one", "two", "three", "bare", "", "correlated"])
        // The listener numbers connections.
        let name = engine == .libzmq ? longest : bench.all[0].routingID
        #expect(bench.all.allSatisfy { $0.routingID == name && $0.isAnswered })
        #expect(name.count == (engine == .libzmq ? 255 : 4))
    }

    /// An envelope has at most eight frames of 128 bytes.
    @Test(arguments: Engine.allCases) func anEnvelopeHasEightFramesAndAKibibyte(
        engine: Engine
    ) throws {
        let bench = try IntakeBench(engine, .local(.router))
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        let frame = [UInt8](repeating: 9, count: 128)
        let eight = Array(repeating: frame, count: 8)
        let small = (0..<8).map { [UInt8($0)] }
        try peer.sendFrames(eight + [bytes("most")])
        try peer.sendFrames([[1]] + eight.dropLast() + [frame + [9], bytes("a byte too many")])
        try peer.sendFrames(small + [[8], bytes("a frame too many")])
        try peer.sendFrames(Array(repeating: [], count: 1_000) + [bytes("many more")])
        try peer.send(bytes("good"), bytes("{}"))
        var answers: [[[UInt8]]] = []
        try bench.run(until: "three rejections and two messages came") { bench in
            if let answer = try peer.receive() { answers.append(answer) }
            return answers.count == 3 && bench.all.count == 2
        }
        let rejected = bytes(.rejected("too_many_frames"))
        #expect(bench.all.map(\.text) == ["most", "{}"])
        #expect(bench.all[0].envelope == eight)
        #expect(answers[0] == [[1]] + eight.dropLast() + [rejected])
        #expect(answers[1] == small + [rejected])
        #expect(answers[2] == Array(repeating: [], count: 8) + [rejected])
        #expect(bench.shared.count.rejected == 3)
    }

    @Test(arguments: Engine.allCases)
    func aRequestIDThatIsTooLongIsRejectedWithAnEmptyFrameInItsPlace(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.router))
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        try peer.send([UInt8](repeating: 1, count: 256), bytes("{}"))
        try peer.send([7], [UInt8](repeating: 1, count: 256), [8], bytes("{}"))
        try peer.send(bytes("good"), bytes("{}"))
        var answers: [[[UInt8]]] = []
        try bench.run(until: "two rejections and a message came") { bench in
            if let answer = try peer.receive() { answers.append(answer) }
            return answers.count == 2 && bench.all.count == 1
        }
        let rejected = bytes(.rejected("request_id_too_long"))
        #expect(answers == [[[], rejected], [[7], [], [8], rejected]])
        #expect(bench.all.map(\.envelope) == [[bytes("good")]])
        #expect(bench.shared.count.rejected == 2)
        #expect(bench.shared.count.messages == 1)
    }

    @Test(arguments: Engine.allCases) func aProbeIsNoMessage(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.router))
        let context = try Context()
        let peer = try Peer(.dealer, bench.endpoint, in: context, probes: true)
        let req = try Peer(.req, bench.endpoint, in: context, probes: true)
        try peer.send(bytes("id"), bytes("a"))
        try req.send("b")
        try bench.run(until: "two messages came") { $0.all.count == 2 }
        #expect(Set(bench.all.map(\.text)) == ["a", "b"])
        for taken in bench.all { try bench.answer(taken, .rejected("to \(taken.text)")) }
        var answers: [[[UInt8]]?] = [nil, nil]
        try bench.run(until: "two answers came") { _ in
            answers[0] = try answers[0] ?? peer.receive()
            answers[1] = try answers[1] ?? req.receive()
            return answers.allSatisfy { $0 != nil }
        }
        #expect(answers == [[bytes("id"), bytes(.rejected("to a"))], [bytes(.rejected("to b"))]])
        #expect(bench.shared.count.messages == 2)
        #expect(bench.shared.count.rejected == 0)
    }

    @Test(arguments: Engine.allCases) func whatNoRecordCanHoldIsRejected(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.router), ringBytes: 1 << 16)
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        let longest = bench.payloadBytesMax
        try peer.send(bytes("over"), [UInt8](repeating: 32, count: longest + 1))
        try peer.send(bytes("fits"), [UInt8](repeating: 32, count: longest))
        var answer: [[UInt8]]?
        try bench.run(until: "a rejection and a message came") { bench in
            answer = try answer ?? peer.receive()
            return answer != nil && bench.all.count == 1
        }
        #expect(answer == [bytes("over"), bytes(.rejected("too_large"))])
        #expect(bench.all[0].payload.count == longest)
    }

    @Test(arguments: Engine.allCases) func anOversizeFrameCostsItsPeerOnly(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull, messageBytesMax: 1_000))
        let context = try Context()
        let honest = try Peer(.push, bench.endpoint, in: context)
        try honest.send("before")
        try bench.run(until: "the honest peer's message came") { $0.all.count == 1 }
        let hostile = try Peer(.push, bench.endpoint, in: try Context())
        try hostile.send([UInt8](repeating: 1, count: 1_001))
        try hostile.send([UInt8](repeating: 1, count: 1_001))
        try honest.send([UInt8](repeating: 2, count: 1_000))
        try bench.run(until: "the second message came") { $0.all.count == 2 }
        #expect(bench.all[1].payload == [UInt8](repeating: 2, count: 1_000))
    }

    @Test(arguments: Engine.allCases) func peersAreCountedAsTheyComeAndGo(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.pull))
        var peers = [try Peer(.push, bench.endpoint, in: Context())]
        peers.append(try Peer(.push, bench.endpoint, in: Context()))
        try bench.run(until: "two peers are counted") {
            $0.shared.count.peers == 2
        }
        peers.removeLast()
        try bench.run(until: "one peer is counted") {
            $0.shared.count.peers == 1
        }
        peers.removeAll()
        try bench.run(until: "no peer is counted") {
            $0.shared.count.peers == 0
        }
    }

    @Test(arguments: Engine.allCases) func aSecondReceiverOnAnIPCPathIsRefused(
        engine: Engine
    ) throws {
        let folder = try TemporaryFolder(prefix: "intake")
        var configuration = SourceConfiguration.local(.pull)
        configuration.bind = ["ipc://\(folder.path)/s"]
        do {
            let bench = try IntakeBench(engine, configuration)
            let error = #expect(throws: IntakeError.self) {
                _ = try IntakeBench(engine, configuration)
            }
            #expect(error?.description.contains(folder.path) == true)
            let peer = try Peer(.push, bench.endpoint, in: Context())
            try peer.send("still here")
            try bench.run(until: "the message came") { $0.all.count == 1 }
        }
        // Once the first is closed, the path is free.
        _ = try IntakeBench(engine, configuration)
    }

    @Test(arguments: Engine.allCases, ["tcp://nowhere", "ipc:///no/such/folder/s", "x"])
    func whatCannotBeBoundIsAnErrorThatNamesIt(engine: Engine, endpoint: String) throws {
        var configuration = SourceConfiguration.local(.pull)
        configuration.bind = [endpoint]
        let error = #expect(throws: IntakeError.self) { _ = try IntakeBench(engine, configuration) }
        #expect(error?.description.contains(endpoint) == true)
    }
}
