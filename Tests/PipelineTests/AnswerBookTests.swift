import Events
import Foundation
import Intake
import Testing

@testable import Pipeline

@Suite struct AnswerBookTests {
    /// A record as a receiver writes it, in the layout `IntakeRecord` gives.
    private func record(
        source: UInt8,
        kind: IntakeRecord.Kind,
        identity: String,
        request: String
    ) -> [UInt8] {
        var bytes: [UInt8] = [source, 0, kind.rawValue, UInt8(request.utf8.count)]
        bytes += [UInt8(identity.utf8.count), 0, 0, 0] + [UInt8](repeating: 0, count: 8)
        return bytes + Array(identity.utf8) + Array(request.utf8) + Array("{}".utf8)
    }

    private func end(_ book: inout AnswerBook, _ record: [UInt8]) {
        record.withUnsafeBytes { book.end(IntakeRecord($0)) }
    }

    private func number(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Takes the answers apart: source, identity, request id, whether it has a frame, JSON.
    private func answers(
        _ bytes: [UInt8]
    ) -> [(source: Int, identity: String, request: String, hasFrame: Bool, json: String)] {
        var rest = bytes[...]
        var answers: [(Int, String, String, Bool, String)] = []
        while !rest.isEmpty {
            let source = number(rest.prefix(4))
            let size = number(rest.dropFirst(4).prefix(4))
            let body = Array(rest.dropFirst(8).prefix(size))
            rest = rest.dropFirst(8 + size)
            let identity = number(body[0..<4])
            let request = number(body[4..<6])
            let text = body.dropFirst(8)
            answers.append(
                (
                    source, String(decoding: text.prefix(identity), as: UTF8.self),
                    String(decoding: text.dropFirst(identity).prefix(request), as: UTF8.self),
                    body[6] == 1,
                    String(decoding: text.dropFirst(identity + request), as: UTF8.self)
                )
            )
        }
        return answers
    }

    @Test func writesTheAnswerOfAMessage() throws {
        var book = AnswerBook()
        book.begin()
        book.accept()
        book.reject(.invalidJSON)
        book.accept()
        end(&book, record(source: 3, kind: .router, identity: "peer", request: "id-7"))
        let answer = try #require(answers(book.take()).first)
        #expect(answer.source == 3)
        #expect(answer.identity == "peer")
        #expect(answer.request == "id-7")
        #expect(answer.hasFrame)
        #expect(
            answer.json
                == #"{"status":"committed","events":2,"quarantined":[{"index":1,"reason":"invalid_json"}]}"#
        )
        #expect(book.take().isEmpty)
    }

    @Test func aMessageForgetsTheOneBefore() throws {
        var book = AnswerBook()
        for kind in [IntakeRecord.Kind.router, .routerBare] {
            book.begin()
            if kind == .router { book.reject(.tooDeep) }
            book.accept()
            end(&book, record(source: 0, kind: kind, identity: "a", request: ""))
        }
        let both = answers(book.take())
        #expect(both.count == 2)
        #expect(both[1].json == #"{"status":"committed","events":1,"quarantined":[]}"#)
        #expect(both[0].hasFrame && !both[1].hasFrame)
    }

    @Test(arguments: [999, 1_000, 1_001, 5_000])
    func listsAThousandRejectionsAndCountsTheRest(count: Int) throws {
        var book = AnswerBook()
        book.begin()
        for _ in 0..<count { book.reject(.tooManyEvents) }
        end(&book, record(source: 0, kind: .router, identity: "a", request: "b"))
        let json = try #require(answers(book.take()).first).json
        let listed = json.components(separatedBy: #""index":"#).count - 1
        #expect(listed == min(count, 1_000))
        #expect(json.contains(#"{"more":\#(count - 1_000)}"#) == (count > 1_000))
        #expect(json.utf8.count < 1 << 16, "an answer must fit its ring")
    }

    @Test func keepsAMessagesCountsWhenAnswersAreTakenInItsMidst() throws {
        var book = AnswerBook()
        book.begin()
        book.accept()
        book.reject(.tooLarge)
        #expect(book.take().isEmpty)
        book.accept()
        end(&book, record(source: 0, kind: .router, identity: "a", request: "b"))
        let json = try #require(answers(book.take()).first).json
        #expect(
            json
                == #"{"status":"committed","events":2,"quarantined":[{"index":1,"reason":"too_large"}]}"#
        )
    }
}
