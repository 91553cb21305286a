import Events
import FilingSupport
import Intake
import Testing

@testable import Filing

@Suite struct AnswerBookTests {
    private let address = Array("peer's own bytes".utf8)

    private func view(_ offset: Int, _ rejection: Rejection) -> EventView {
        var view = EventView()
        view.rejection = rejection
        view.offset = offset
        view.errorOffset = offset + 1
        return view
    }

    /// Ends a message of connection 9.
    private func end(_ book: inout AnswerBook, returnTo address: [UInt8] = []) {
        address.withUnsafeBytes { book.end(record(returnTo: $0)) }
    }

    private func record(returnTo address: UnsafeRawBufferPointer) -> IntakeRecord {
        IntakeRecord(
            source: 3,
            isAnswered: true,
            peer: 9,
            receivedAt: 0,
            returnAddress: address,
            payload: UnsafeRawBufferPointer(start: nil, count: 0)
        )
    }

    private func piece(
        _ index: Int,
        at offset: Int,
        reason: String,
        detail: String
    ) -> Answer.RefusedPiece {
        Answer.RefusedPiece(index: index, offset: offset, reason: reason, detail: detail)
    }

    @Test func writesTheAnswerOfAMessage() throws {
        var book = AnswerBook()
        book.place = 7
        book.begin()
        book.accept()
        book.reject(view(40, .invalidJSON), .invalidJSON)
        book.accept()
        end(&book, returnTo: address)
        let filed = FiledAnswer.read(book.take())
        var answer = Answer(.committed, events: 2)
        answer.refused = [
            piece(1, at: 40, reason: "invalid_json", detail: "byte 41: not valid JSON (RFC 8259)")
        ]
        #expect(
            filed == [FiledAnswer(place: 7, peer: 9, returnAddress: address, answer: answer)]
        )
        #expect(book.take().isEmpty)
    }

    @Test func aMessageForgetsTheOneBefore() throws {
        var book = AnswerBook()
        for isFirst in [true, false] {
            book.begin()
            if isFirst { book.reject(view(0, .tooDeep), .tooDeep) }
            book.accept()
            end(&book, returnTo: isFirst ? [7] : [])
        }
        let both = FiledAnswer.read(book.take())
        #expect(both.count == 2)
        #expect(both[1].answer == Answer(.committed, events: 1))
        #expect(both[0].returnAddress == [7] && both[1].returnAddress.isEmpty)
    }

    @Test(arguments: [100, 101, 102, 5_000])
    func listsAsManyRejectionsAsAMessageHasAndCountsTheRest(count: Int) throws {
        var book = AnswerBook()
        book.begin()
        for _ in 0..<count { book.reject(view(0, .tooManyEvents), .tooManyEvents) }
        end(&book)
        let bytes = book.take()
        let answer = try #require(FiledAnswer.read(bytes).first).answer
        #expect(answer.refused.count == min(count, 101))
        #expect(answer.refused.map(\.index) == Array(0..<min(count, 101)))
        #expect(answer.moreRefused == max(0, count - 101))
        #expect(bytes.count < 1 << 16, "an answer must fit its ring")
    }

    @Test func keepsAMessagesCountsWhenAnswersAreTakenInItsMidst() throws {
        var book = AnswerBook()
        book.begin()
        book.accept()
        book.reject(view(7, .tooLarge), .tooLarge)
        #expect(book.take().isEmpty)
        book.accept()
        end(&book)
        var answer = Answer(.committed, events: 2)
        answer.refused = [
            piece(1, at: 7, reason: "too_large", detail: "byte 8: larger than the configured limit")
        ]
        #expect(FiledAnswer.read(book.take()).map(\.answer) == [answer])
    }

    @Test func theLongestReturnAddressIsKept() throws {
        var book = AnswerBook()
        let longest = (0..<IntakeRecord.addressBytesMax).map { UInt8($0 % 251) }
        book.begin()
        book.acceptDuplicate()
        end(&book, returnTo: longest)
        let filed = try #require(FiledAnswer.read(book.take()).first)
        #expect(filed.returnAddress == longest)
        #expect(filed.answer.events == 1 && filed.answer.duplicates == 1)
    }

    @Test func whatIsPutOffHasItsReason() throws {
        var book = AnswerBook()
        book.begin()
        address.withUnsafeBytes { book.putOff(record(returnTo: $0), because: "quarantine_full") }
        let filed = FiledAnswer.read(book.take())
        #expect(filed.map(\.answer) == [.unavailable("quarantine_full")])
        #expect(filed.map(\.returnAddress) == [address])
    }
}
