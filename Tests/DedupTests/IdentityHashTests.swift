import Testing

@testable import Dedup

@Suite struct IdentityHashTests {
    private func hash(_ hash: IdentityHash, _ text: String, source: Int = 0) -> UInt64 {
        Array(text.utf8).withUnsafeBytes { hash(PackedIdentity($0), scope: source) }
    }

    /// Ids that collide under one key are distributed under another, so nobody can prepare them.
    @Test func idsThatCollideUnderOneKeyAreSpreadUnderAnother() {
        let known = IdentityHash(key0: 1, key1: 2)
        var hostile: [String] = []
        var number = 0
        while hostile.count < 256 {
            let id = "event-\(number)"
            // One of 256 places.
            if hash(known, id) >> 56 == 0 { hostile.append(id) }
            number += 1
        }
        for _ in 0..<4 {
            let unknown = IdentityHash.random
            let places = Dictionary(grouping: hostile) { hash(unknown, $0) >> 56 }
            #expect(places.values.map(\.count).max() ?? 0 < 10)
            #expect(places.count > 128)
        }
    }

    @Test func sourceLengthAndFormCount() {
        let hash = IdentityHash.random
        #expect(self.hash(hash, "a") == self.hash(hash, "a"))
        #expect(self.hash(hash, "a") != self.hash(hash, "a", source: 1))
        #expect(self.hash(hash, "a\0") != self.hash(hash, "a"))
        #expect(self.hash(hash, "12345678") != self.hash(hash, "12345678\0"))
        let uuid = "00112233-4455-6677-8899-aabbccddeeff"
        let raw: [UInt8] = (0..<16).map { $0 * 17 }
        let text = raw.withUnsafeBytes { hash(PackedIdentity(text: $0), scope: 0) }
        #expect(self.hash(hash, uuid) != text)
    }
}
