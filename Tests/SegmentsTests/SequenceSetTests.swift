import TestSupport
import Testing

@testable import Segments

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
}
