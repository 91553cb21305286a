import Intake
import NIOHTTP1
import Testing

@testable import HTTPSource

/// How requests are counted.
@Suite struct RequestFiguresTests {
    @Test func requestsAreCountedByWhatTheyWereForAndByCode() throws {
        let figures = RequestFigures()
        figures.count(RequestFigures.Label(.events), .ok, after: 2_000_000)
        figures.count(.webhook, .unauthorized, after: nil)
        figures.count(.other, .imATeapot, after: nil)
        let found = figures.current
        func count(_ label: String, _ code: Int) throws -> Int {
            let at = try #require(RequestFigures.labels.firstIndex(of: label))
            return found.requests[at][try #require(RequestFigures.codes.firstIndex(of: code))]
        }
        #expect(try count("events", 200) == 1 && count("webhook", 401) == 1)
        #expect(try count("other", 500) == 1)
        #expect(found.requests.joined().reduce(0, +) == 3)
        #expect(found.answers.count == 1 && found.answers.sumMicroseconds == 2_000)
    }
}
