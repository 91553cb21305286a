import Testing

@testable import Intake

@Suite struct HourlyLimitTests {
    private let hour: Int64 = 3_600_000_000_000

    @Test func tellsOfASubjectOnceAnHour() {
        var limit = HourlyLimit()
        let asked: [(String, Int64)] = [
            ("a", 5), ("a", 6), ("b", 7), ("a", 4 + hour), ("a", 5 + hour),
        ]
        let told = asked.map { limit.allows($0.0, at: $0.1) }
        #expect(told == [true, false, true, false, true])
    }

    @Test func tellsOfSoManyAnHourAtMost() {
        var limit = HourlyLimit()
        let told = (0..<1_000).filter { limit.allows("subject \($0)", at: Int64($0)) }
        #expect(told == Array(0..<HourlyLimit.noticesMax))
        let isNextTold = limit.allows("the next hour's", at: hour)
        #expect(isNextTold)
    }

    /// Peers choose the subjects, so neither memory nor log lines may grow with their number.
    @Test func remembersSoManySubjectsAtMost() {
        var limit = HourlyLimit()
        var told = 0
        for number in 0..<100_000 where limit.allows("\(number)", at: Int64(number) * hour / 100) {
            told += 1
        }
        #expect(told <= (1_000 + 1) * HourlyLimit.noticesMax)
        #expect(told > 1_000)
    }
}
