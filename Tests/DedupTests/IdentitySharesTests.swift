import TestSupport
import Testing

@testable import Dedup

/// While memory is short, each scope keeps the ids of its share, whatever the others do.
@Suite struct IdentitySharesTests {
    private static let start: Int64 = 1_795_000_000_000_000

    private func isKnown(
        _ window: IdentityWindow,
        _ number: Int,
        scope: Int,
        content: UInt64 = 0
    ) -> Bool {
        window.admit(
            window.announce(
                PackedIdentity(first: UInt64(number) &* 0x9E37_79B9_7F4A_7C15, second: 7),
                content: content,
                scope: scope
            ),
            receivedAt: Self.start,
            writer: 0,
            commit: 1
        ).isDuplicate
    }

    @Test func aFloodDoesNotWashOutTheIdsOfOthers() throws {
        let window = try IdentityWindowTests.window(seconds: 1_000_000)
        for number in 0..<10_000 { #expect(!isKnown(window, number, scope: 1)) }
        var bytesMost = 0
        for number in 0..<1_000_000 {
            _ = isKnown(window, number, scope: 2)
            if number % 1_000 == 0 { bytesMost = max(bytesMost, window.figures.bytes) }
        }
        #expect(window.figures.forgotten > 800_000)
        #expect(bytesMost <= IdentityWindow.memoryBytesMin)
        let lost = (0..<10_000).count { !isKnown(window, $0, scope: 1) }
        #expect(lost == 0)
        // Most of its own newest ids are known, its oldest are not.
        let newest = (990_000..<1_000_000).count { isKnown(window, $0, scope: 2) }
        #expect(newest > 9_900)
        #expect((0..<1_000).allSatisfy { !isKnown(window, $0, scope: 2) })
    }

    @Test func aScopeAloneHasAllMemory() throws {
        let window = try IdentityWindowTests.window(seconds: 1_000_000)
        for number in 0..<200_000 { _ = isKnown(window, number, scope: 5) }
        #expect(window.figures.ids > 70_000)
    }

    /// Scopes that share memory evenly forget the oldest first.
    @Test func withinTheirSharesTheOldestAreForgotten() throws {
        let window = try IdentityWindowTests.window(seconds: 1_000_000)
        for number in 0..<100_000 {
            for scope in 0..<5 { _ = isKnown(window, number, scope: scope) }
        }
        for scope in 0..<5 {
            #expect((95_000..<100_000).allSatisfy { isKnown(window, $0, scope: scope) })
        }
    }

    /// Moved records are found like others: no id is taken for a duplicate wrongly, and those of
    /// small scopes are never lost, with other contents of the same id among them.
    @Test(arguments: 1...4) func agreesWithADictionaryWhileMemoryIsShort(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let window = try IdentityWindowTests.window(seconds: 1_000_000)
        var known: Set<[Int]> = []
        var wrong = 0
        var lost = 0
        for _ in 0..<400_000 {
            let isSmall = Int.random(in: 0..<20, using: &random) == 0
            let scope = isSmall ? Int.random(in: 1..<4, using: &random) : 0
            let number = Int.random(in: 0..<(isSmall ? 1_000 : 10_000_000), using: &random)
            let content = Int.random(in: 1..<3, using: &random)
            let verdict = isKnown(window, number, scope: scope, content: UInt64(content))
            let key = [scope, number, content]
            if verdict, !known.contains(key) { wrong += 1 }
            if !verdict, scope > 0, known.contains(key) { lost += 1 }
            known.insert(key)
        }
        #expect(window.figures.forgotten > 100_000)
        #expect(wrong == 0)
        #expect(lost == 0)
    }
}
