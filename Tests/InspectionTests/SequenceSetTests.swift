import TestSupport
import Testing

@testable import Inspection

@Suite struct SequenceSetTests {
    @Test func knowsWhatItHasSeenLikeAPlainSet() {
        for seed in UInt64(1)...5 {
            var random = SeededGenerator(seed: seed)
            var set = SequenceSet()
            var model: Set<UInt64> = []
            for _ in 0..<20_000 {
                let number = UInt64.random(in: 0..<200_000, using: &random)
                let isNew = set.insert(number)
                let isNewToModel = model.insert(number).inserted
                #expect(isNew == isNewToModel, "seed \(seed)")
            }
            #expect(set.count == UInt64(model.count))
            #expect(set.lowest == model.min())
            #expect(set.highest == model.max())
        }
    }

    @Test func fullPagesStillKnowTheirNumbers() {
        var set = SequenceSet()
        let added = (UInt64(0)..<200_000).filter { set.insert($0) }.count
        #expect(added == 200_000)
        let again = stride(from: UInt64(0), to: 200_000, by: 999).filter { set.insert($0) }
        #expect(again == [])
        #expect(set.missing == 0)
        let highest = [set.insert(.max), set.insert(.max)]
        #expect(highest == [true, false])
        #expect(set.missing == UInt64.max - 200_000)
    }

    @Test func tellsWhatIsMissing() {
        var set = SequenceSet()
        for number in [3, 4, 5, 9, 200_000] as [UInt64] { _ = set.insert(number) }
        let all = set.missing(in: 1...200_001, limit: 10)
        #expect(all.ranges == [1...2, 6...8, 10...199_999, 200_001...200_001])
        #expect(all.count == 2 + 3 + 199_990 + 1)
        #expect(set.missing(in: 4...8, limit: 10).ranges == [6...8])
        let limited = set.missing(in: 1...200_001, limit: 1)
        #expect(limited.ranges == [1...2] && limited.count == all.count)
    }

    @Test func missingNumbersOfFullPagesAndFarOnes() {
        var set = SequenceSet()
        for number in 0..<131_072 as Range<UInt64> { _ = set.insert(number) }
        _ = set.insert(1 << 62)
        let missing = set.missing(in: 1...(1 << 62), limit: 10)
        #expect(missing.ranges == [131_072...((1 << 62) - 1)])
        #expect(set.contains(131_071) && !set.contains(131_072) && set.contains(1 << 62))
        #expect(SequenceSet().missing(in: 5...7, limit: 3).count == 3)
    }
}
