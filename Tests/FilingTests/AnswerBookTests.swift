import Events
import Foundation
import Intake
import Testing

@testable import Filing

@Suite struct AnswerBookTests {
    /// Creates a router's record as a receiver writes it, in the layout of `IntakeRecord`.
    private func record(source: UInt8, routingID: String, envelope: [String]) -> [UInt8] {
        let frames = envelope.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        var bytes: [UInt8] = [source, 0, 1, UInt8(routingID.utf8.count)]
        bytes += [UInt8(frames.count), 0, 0, 0] + [UInt8](repeating: 0, count: 8)
        return bytes + Array(routingID.utf8) + frames + Array("{}".utf8)
    }

    private func view(_ offset: Int, _ rejection: Rejection) -> EventView {
        var view = EventView()
        view.rejection = rejection
        view.offset = offset
        view.errorOffset = offset + 1
        return view
    }

    private func end(_ book: inout AnswerBook, _ record: [UInt8]) {
        record.withUnsafeBytes { book.end(IntakeRecord($0)) }
    }

    private func number(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private struct Answer {
        var source: Int
        var routingID: String
        /// The frames as in the record, each after its length.
        var envelope: String
        var json: String
    }

    /// Parses the answers.
    private func answers(_ bytes: [UInt8]) -> [Answer] {
        var rest = bytes[...]
        var answers: [Answer] = []
        while !rest.isEmpty {
            let size = number(rest.dropFirst(4).prefix(4))
            let body = Array(rest.dropFirst(8).prefix(size))
            let id = Int(body[0])
            let envelope = number(body[2..<4])
            let text = body.dropFirst(8)
            answers.append(
                Answer(
                    source: number(rest.prefix(4)),
                    routingID: String(decoding: text.prefix(id), as: UTF8.self),
                    envelope: String(decoding: text.dropFirst(id).prefix(envelope), as: UTF8.self),
                    json: String(decoding: text.dropFirst(id + envelope), as: UTF8.self)
                )
            )
            rest = rest.dropFirst(8 + size)
        }
        return answers
    }

    @Test func writesTheAnswerOfAMessage() throws {
        var book = AnswerBook()
        book.begin()
        book.accept()
        book.reject(view(40, .invalidJSON), .invalidJSON)
        book.accept()
        end(&book, record(source: 3, routingID: "peer", envelope: ["id-7", ""]))
        let answer = try #require(answers(book.take()).first)
        #expect(answer.source == 3)
        #expect(answer.routingID == "peer")
        #expect(answer.envelope == "\u{4}id-7\u{0}")
        #expect(
            answer.json
                == #"{"status":"committed","events":2,"quarantined":[{"index":1,"offset":40,"#
                + #""reason":"invalid_json","detail":"byte 41: not valid JSON (RFC 8259)"}]}"#
        )
        #expect(book.take().isEmpty)
    }

    @Test func aMessageForgetsTheOneBefore() throws {
        var book = AnswerBook()
        for isFirst in [true, false] {
            book.begin()
            if isFirst { book.reject(view(0, .tooDeep), .tooDeep) }
            book.accept()
            end(&book, record(source: 0, routingID: "a", envelope: isFirst ? [""] : []))
        }
        let both = answers(book.take())
        #expect(both.count == 2)
        #expect(both[1].json == #"{"status":"committed","events":1,"quarantined":[]}"#)
        #expect(both[0].envelope == "\u{0}" && both[1].envelope.isEmpty)
    }

    @Test(arguments: [100, 101, 102, 5_000])
    func listsAsManyRejectionsAsAMessageHasAndCountsTheRest(count: Int) throws {
        var book = AnswerBook()
        book.begin()
        for _ in 0..<count { book.reject(view(0, .tooManyEvents), .tooManyEvents) }
        end(&book, record(source: 0, routingID: "a", envelope: ["b"]))
        let json = try #require(answers(book.take()).first).json
        let listed = json.components(separatedBy: #""index":"#).count - 1
        #expect(listed == min(count, 101))
        #expect(json.contains(#"{"more":\#(count - 101)}"#) == (count > 101))
        #expect(json.utf8.count < 1 << 16, "an answer must fit its ring")
    }

    @Test func keepsAMessagesCountsWhenAnswersAreTakenInItsMidst() throws {
        var book = AnswerBook()
        book.begin()
        book.accept()
        book.reject(view(7, .tooLarge), .tooLarge)
        #expect(book.take().isEmpty)
        book.accept()
        end(&book, record(source: 0, routingID: "a", envelope: ["b"]))
        let json = try #require(answers(book.take()).first).json
        #expect(
            json
                == #"{"status":"committed","events":2,"quarantined":[{"index":1,"offset":7,"#
                + #""reason":"too_large","detail":"byte 8: larger than the configured limit"}]}"#
        )
    }
}
