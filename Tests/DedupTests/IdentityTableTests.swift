import TestSupport
import Testing

@testable import Dedup

@Suite struct IdentityTableTests {
    /// Ids with the same hash cost time, but are all found.
    @Test func keepsRecordsWithOneHashApart() {
        var table = IdentityTable()
        defer { table.free() }
        for number in 0..<1_000 {
            if table.isFull { table.grow() }
            table.insert(.max, place: number * 4, at: table.freeSlot(.max))
        }
        #expect(table.count == 1_000)
        for number in stride(from: 0, to: 1_000, by: 3) {
            guard let at = table.find(.max, place: number * 4) else {
                Issue.record("record \(number) is gone")
                continue
            }
            table.remove(at: at)
        }
        for number in 0..<1_000 {
            #expect((table.find(.max, place: number * 4) == nil) == (number % 3 == 0))
        }
    }

    /// With random hashes a search is short, whatever the table's size.
    @Test func searchesAreShort() {
        var random = SeededGenerator(seed: 3)
        var table = IdentityTable()
        defer { table.free() }
        for number in 0..<20_000 {
            if table.isFull { table.grow() }
            let hash = UInt32.random(in: .min ... .max, using: &random)
            table.insert(hash, place: number * 4, at: table.freeSlot(hash))
        }
        var sum = 0
        for at in 0..<table.capacity where table.slots[at] != 0 {
            let home = table.home(IdentityTable.hash(table.slots[at]))
            sum += at >= home ? at - home : at + table.capacity - home
        }
        #expect(sum / table.count < 4, "\(Double(sum) / Double(table.count)) slots on average")
    }

    /// Above a mebibyte a table uses whole pages of 2 MiB, and all of their bytes.
    @Test func largeTablesTakeLargePages() {
        var table = IdentityTable()
        defer { table.free() }
        var capacities: [Int] = []
        for number in 0..<700_000 {
            if table.isFull {
                table.grow()
                capacities.append(table.capacity)
            }
            let hash = UInt32(truncatingIfNeeded: number &* 2_654_435_761)
            table.insert(hash, place: number * 4, at: table.freeSlot(hash))
        }
        let large = capacities.filter { $0 * IdentityTable.slotBytes > 1 << 20 }
        #expect(large == [1 << 18, 1 << 19, 3 << 18, 5 << 18])
        #expect(UInt(bitPattern: table.slots) % (2 << 20) == 0)
        let isComplete = (0..<700_000).allSatisfy { number in
            let hash = UInt32(truncatingIfNeeded: number &* 2_654_435_761)
            return table.find(hash, place: number * 4) != nil
        }
        #expect(isComplete)
    }

    @Test(arguments: 1...8) func agreesWithASetOverRandomInsertionsAndRemovals(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = IdentityTable()
        defer { table.free() }
        var model: [Int: UInt32] = [:]
        for step in 0..<20_000 {
            let place = Int.random(in: 0..<700, using: &random) * 4
            if let hash = model[place] {
                guard let at = table.find(hash, place: place) else {
                    Issue.record("seed \(seed), step \(step): place \(place) is gone")
                    return
                }
                table.remove(at: at)
                model[place] = nil
            } else {
                // Few hashes, many of them at the table's end, where searches wrap around.
                let hash = UInt32.max - UInt32.random(in: 0..<40, using: &random) << 22
                if table.isFull { table.grow() }
                table.insert(hash, place: place, at: table.freeSlot(hash))
                model[place] = hash
            }
            #expect(table.count == model.count)
        }
        for (place, hash) in model { #expect(table.find(hash, place: place) != nil) }
    }
}
