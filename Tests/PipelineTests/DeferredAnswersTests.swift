import Dedup
import Filing
import Testing

@testable import Pipeline

@Suite struct DeferredAnswersTests {
    private func answer(_ byte: UInt8, _ needs: [(Int, CommitNumber)]) -> DeferredAnswer {
        DeferredAnswer(
            bytes: [byte],
            needs: needs.map { CommitPlace(writer: $0.0, number: $0.1) }
        )
    }

    @Test func eachGoesWhenAllThatItNeedsIsDurable() {
        var answers = DeferredAnswers()
        answers.add([answer(1, [(0, 5)]), answer(2, [(0, 3), (1, 2)]), answer(3, [(1, 1)])])
        var durable: [CommitNumber] = [0, 0]
        #expect(answers.takeReady { durable[$0] } == [])
        durable = [3, 1]
        #expect(answers.takeReady { durable[$0] } == [3])
        durable = [4, 2]
        #expect(answers.takeReady { durable[$0] } == [2])
        #expect(answers.count == 1)
        durable = [5, 2]
        #expect(answers.takeReady { durable[$0] } == [1])
        #expect(answers.isEmpty)
    }

    @Test func dropsOnlyWhatWaitsForAWriterThatHasEnded() {
        var answers = DeferredAnswers()
        answers.add([answer(1, [(0, 5)]), answer(2, [(1, 2)]), answer(3, [(0, 1), (1, 1)])])
        #expect(answers.dropHopeless { $0 == 0 } == 2)
        #expect(answers.takeReady { _ in 2 } == [2])
    }
}
