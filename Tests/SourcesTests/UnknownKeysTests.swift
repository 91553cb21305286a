import Intake
import NIOHTTP1
import Testing

@testable import HTTPSource

/// What becomes of requests with unknown keys.
@Suite struct UnknownKeysTests {
    @Test func theyAreRefusedUnlessTheRuleSaysOtherwise() {
        let unknown = UnknownKeys()
        #expect(unknown.decide() == .refused)
        #expect(unknown.replace(by: .quarantine) && !unknown.replace(by: .quarantine))
        #expect(unknown.decide() == .kept)
        #expect(unknown.counts == UnknownKeys.Counts(refused: 1, kept: 1))
    }

    @Test func onlySoManyAreKept() {
        let unknown = UnknownKeys(.quarantine)
        let outcomes = (0..<10 * UnknownKeys.rateMax).map { _ in unknown.decide() }
        #expect(outcomes.prefix(2 * UnknownKeys.rateMax).allSatisfy { $0 == .kept })
        #expect(outcomes.contains(.limited(seconds: 1)))
        #expect(unknown.counts.kept + unknown.counts.limited == outcomes.count)
        #expect(unknown.counts.kept < 5 * UnknownKeys.rateMax)
    }

    @Test func theGateTellsWritersTheSame() {
        let keys = WriteKeys([WriteKey(name: "shop", key: "known-key")], unknown: .quarantine)
        func verdict(_ text: String?) -> GateVerdict {
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            guard let text else { return keys.admit(key: nil, origin: none) }
            return Array(text.utf8).withUnsafeBytes { keys.admit(key: $0, origin: none) }
        }
        #expect(verdict("known-key") == .admitted(name: "shop", channel: ""))
        #expect(verdict("other-key") == .unknown(name: "(unknown)"))
        // Without any key there is nothing to wait for.
        #expect(verdict(nil) == .refused(reason: "unauthorized"))
        _ = keys.unknown.replace(by: .refuse)
        #expect(verdict("other-key") == .refused(reason: "unauthorized"))
        #expect(keys.unknown.counts == UnknownKeys.Counts(refused: 2, kept: 1))
    }

    @Test func whatWaitsForItsKeyIsASuccess() {
        func answer(_ reasons: [String]) -> Reply {
            var answer = Answer(.committed)
            answer.refused = reasons.map {
                Answer.RefusedPiece(index: 0, offset: 0, reason: $0, detail: "")
            }
            return Reply(answer)
        }
        #expect(answer(["unknown_key", "unknown_key"]).status == .ok)
        #expect(answer(["invalid_json", "unknown_key"]).status == .ok)
        #expect(answer(["invalid_json"]).status == .badRequest)
    }
}
