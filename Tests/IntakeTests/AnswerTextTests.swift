import Testing

@testable import Intake

/// The JSON on the wire is the contract's, byte for byte.
@Suite struct AnswerTextTests {
    @Test func textsAreTheContracts() {
        #expect(
            AnswerText.json(Answer(.committed, events: 2))
                == #"{"status":"committed","events":2,"quarantined":[]}"#
        )
        #expect(AnswerText.json(.rejected("x")) == #"{"status":"rejected","reason":"x"}"#)
        #expect(
            AnswerText.json(.unavailable("draining"))
                == #"{"status":"unavailable","reason":"draining"}"#
        )
    }

    @Test func refusedPiecesAreListed() {
        var answer = Answer(.committed, events: 2)
        answer.refused = [
            Answer.RefusedPiece(
                index: 1,
                offset: 40,
                reason: "invalid_json",
                detail: "byte 41: not valid JSON (RFC 8259)"
            )
        ]
        let piece =
            #"{"index":1,"offset":40,"reason":"invalid_json","#
            + #""detail":"byte 41: not valid JSON (RFC 8259)"}"#
        #expect(
            AnswerText.json(answer)
                == #"{"status":"committed","events":2,"quarantined":[\#(piece)]}"#
        )
        answer.duplicates = 1
        answer.refused.append(answer.refused[0])
        answer.moreRefused = 7
        #expect(
            AnswerText.json(answer)
                == #"{"status":"committed","events":2,"duplicates":1,"#
                + #""quarantined":[\#(piece),\#(piece),{"more":7}]}"#
        )
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 4_294_967_295])
    func theShortWayWritesTheSame(events: Int) {
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: AnswerText.committedBytesMax,
            alignment: 1
        )
        defer { room.deallocate() }
        let count = AnswerText.writeCommitted(events: events, to: room)
        #expect(
            String(decoding: room[..<count], as: UTF8.self)
                == AnswerText.json(Answer(.committed, events: events))
        )
    }
}
