import TestSupport
import Testing

@testable import Dedup

@Suite struct IdentityArenaTests {
    /// A record in the model.
    private struct Record {
        let place: Int
        let number: UInt64
        /// Of the id; one of 16 bytes is stored as a UUID.
        let byteCount: Int
    }

    private func withIdentity(
        _ number: UInt64,
        bytes byteCount: Int,
        body: (PackedIdentity) -> Void
    ) {
        guard byteCount != 16 else { return body(PackedIdentity(first: number, second: ~number)) }
        let text = (0..<byteCount).map { UInt8(truncatingIfNeeded: number >> UInt64($0 % 8 * 8)) }
        text.withUnsafeBytes { body(PackedIdentity(text: $0)) }
    }

    private func expect(_ record: Record, in arena: IdentityArena) {
        #expect(arena.seconds(at: record.place) == UInt32(record.number))
        #expect(arena.commit(at: record.place) == UInt32(record.number) &* 3)
        #expect(arena.content(at: record.place) == ~record.number)
        let isEarlier = record.number % 3 == 0
        #expect(
            arena.isEarlier(at: record.place) == isEarlier && arena.writer(at: record.place) == 7
        )
        withIdentity(record.number, bytes: record.byteCount) {
            let (source, place) = (record.byteCount, record.place)
            #expect(arena.holds($0, scope: source, isEarlier: isEarlier, at: place))
            #expect(!arena.holds($0, scope: source, isEarlier: !isEarlier, at: place))
        }
    }

    /// Appends a record as a shard does; returns it and the bytes that the arena took, or nil if
    /// the ring is full.
    private func append(
        _ number: UInt64,
        _ byteCount: Int,
        to arena: inout IdentityArena
    ) -> (record: Record, taken: Int)? {
        var result: (Record, Int)?
        withIdentity(number, bytes: byteCount) { identity in
            let needs = arena.needsGranule(for: IdentityArena.byteCount(identity))
            var taken = 0
            if needs, arena.isEmpty { taken -= arena.leaveGranule() }
            guard !needs || arena.hasGranule else { return }
            if needs { taken += IdentityArena.granuleBytes }
            let place = arena.append(
                identity,
                content: ~number,
                scope: byteCount,
                seconds: UInt32(number),
                writer: 7,
                commit: UInt32(number) &* 3
            )
            if number % 3 == 0 { arena.markEarlier(at: place) }
            result = (Record(place: place, number: number, byteCount: byteCount), taken)
        }
        return result
    }

    /// Random records in a ring of four granules, wrapping repeatedly, against an array: no record
    /// is overwritten, the oldest is correct, and all memory taken is returned.
    @Test(arguments: 1...4) func keepsRecordsInTheirOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let ringBytes = 4 * IdentityArena.granuleBytes
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: ringBytes,
            alignment: IdentityArena.granuleBytes
        )
        defer { memory.deallocate() }
        var arena = IdentityArena(base: memory, ringBytes: ringBytes)
        var model: [Record] = []
        var (taken, number, refused): (Int, UInt64, Int) = (0, 0, 0)
        for step in 0..<40_000 {
            // Alternately grows to a full ring and shrinks to nothing.
            if Int.random(in: 0..<10, using: &random) < (step / 500 % 2 == 0 ? 8 : 1) {
                number += 1
                let isUUID = Bool.random(using: &random)
                let byteCount = isUUID ? 16 : Int.random(in: 1...900, using: &random)
                if let added = append(number, byteCount, to: &arena) {
                    model.append(added.record)
                    taken += added.taken
                } else {
                    refused += 1
                }
            } else if let first = model.first {
                #expect(arena.oldest == first.place)
                expect(first, in: arena)
                taken -= arena.dropOldest()
                model.removeFirst()
            }
            #expect(arena.isEmpty == model.isEmpty)
            if let first = model.first { #expect(arena.oldestSeconds == UInt32(first.number)) }
            #expect((0...ringBytes).contains(taken))
        }
        for record in model { expect(record, in: arena) }
        #expect(number > 10_000 && refused > 0)
    }
}
