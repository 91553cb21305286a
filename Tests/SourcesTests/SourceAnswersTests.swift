import Synchronization
import TestSupport
import Testing
import ZeroMQ
import ZeroMQSource

@testable import Intake

/// Answers reach the peer that asked, in the form of its request.
@Suite struct SourceAnswersTests {
    private let committed = Answer(.committed, events: 1)

    @Test(arguments: Engine.allCases) func everyFormOfRequestGetsItsFormOfAnswer(
        engine: Engine
    ) throws {
        let bench = try IntakeBench(engine, .local(.router))
        let context = try Context()
        let dealer = try Peer(.dealer, bench.endpoint, in: context)
        let req = try Peer(.req, bench.endpoint, in: context)
        let bare = try Peer(.dealer, bench.endpoint, in: context)
        try dealer.send(bytes("id\u{0}1"), bytes("d"))
        try req.send("r")
        try bare.send("b")
        try bench.run(until: "three requests came") { $0.all.count == 3 }
        for taken in bench.all { try bench.answer(taken, .rejected("to \(taken.text)")) }
        var answers: [[[UInt8]]?] = [nil, nil, nil]
        try bench.run(until: "three answers came") { _ in
            answers[0] = try answers[0] ?? dealer.receive()
            answers[1] = try answers[1] ?? req.receive()
            answers[2] = try answers[2] ?? bare.receive()
            return answers.allSatisfy { $0 != nil }
        }
        #expect(answers[0] == [bytes("id\u{0}1"), bytes(.rejected("to d"))])
        #expect(answers[1] == [bytes(.rejected("to r"))])
        #expect(answers[2] == [bytes(.rejected("to b"))])
        #expect(bench.shared.count.acknowledged == 3)
        #expect(bench.shared.count.acknowledgementsDropped == 0)
    }

    @Test(arguments: Engine.allCases) func answersOfSeveralWritersAllGoOut(engine: Engine) throws {
        let bench = try IntakeBench(engine, .local(.router), writers: 3)
        let peer = try Peer(.dealer, bench.endpoint, in: Context())
        for number in 0..<30 { try peer.send(bytes("\(number)"), bytes("{}")) }
        try bench.run(until: "thirty requests came") { $0.all.count == 30 }
        for (at, taken) in bench.all.enumerated() {
            try bench.answer(taken, committed, ring: at % 3)
        }
        var answered: Set<[UInt8]> = []
        try bench.run(until: "thirty answers came") { _ in
            while let answer = try peer.receive() {
                #expect(answer.count == 2 && answer[1] == bytes(committed))
                answered.insert(answer[0])
            }
            return answered.count == 30
        }
    }

    @Test(arguments: Engine.allCases) func anAnswerToAPeerThatIsGoneIsCounted(engine: Engine) throws
    {
        let bench = try IntakeBench(engine, .local(.router))
        do {
            let peer = try Peer(.dealer, bench.endpoint, in: Context())
            try peer.send(bytes("id"), bytes("{}"))
            try bench.run(until: "the request came") { $0.all.count == 1 }
        }
        try bench.run(until: "the peer is gone") { $0.shared.count.peers == 0 }
        // A record of an unknown routing id: header, three bytes of id, no envelope.
        let record: [UInt8] =
            [3, 0, 1, 0, 4, 0] + [UInt8](repeating: 0, count: 10) + [3, 1, 2, 3]
        let stranger = Taken(
            isAnswered: true,
            routingID: [1, 2, 3],
            envelope: [],
            payload: [],
            record: record
        )
        try bench.answer(stranger, committed)
        try bench.run(until: "the answer to nobody is dropped") {
            $0.shared.count.acknowledgementsDropped == 1
        }
        // The monitor may report a peer's end a moment before its pipe is gone.
        try bench.run(until: "an answer to the peer that is gone is dropped") {
            try $0.answer($0.all[0], committed)
            return $0.shared.count.acknowledgementsDropped >= 2
        }
        // The source continues.
        let next = try Peer(.dealer, bench.endpoint, in: Context())
        try next.send("again")
        try bench.run(until: "the next request came") { $0.all.count == 2 }
        try bench.answer(bench.all[1], committed)
        var answer: [[UInt8]]?
        try bench.run(until: "it is answered") { _ in
            answer = try next.receive()
            return answer != nil
        }
        #expect(answer == [bytes(committed)])
    }
}
