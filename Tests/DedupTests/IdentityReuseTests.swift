import TestSupport
import Testing

@testable import Dedup

/// One id with several contents: each is a separate event, and each is recognised as a duplicate.
@Suite struct IdentityReuseTests {
    private static let start: Int64 = 1_795_000_000_000_000

    private static func admit(
        _ window: IdentityWindow,
        _ number: UInt64,
        content: UInt64,
        second: Int = 0,
        source: Int = 0,
        writer: Int = 0,
        commit: CommitNumber = 1
    ) -> IdentityVerdict {
        window.admit(
            window.announce(
                PackedIdentity(first: number, second: 7),
                content: content,
                scope: source
            ),
            receivedAt: start + Int64(second) * 1_000_000,
            writer: writer,
            commit: commit
        )
    }

    private static let fresh = IdentityVerdict(isDuplicate: false)
    private static let reused = IdentityVerdict(isDuplicate: false, isReused: true)

    @Test func everyContentIsKnownAgain() throws {
        let window = try IdentityWindowTests.window()
        for content: UInt64 in 1...5 {
            window.begin(commit: CommitNumber(rawValue: content), writer: 2)
            let verdict = Self.admit(
                window,
                1,
                content: content,
                writer: 2,
                commit: CommitNumber(rawValue: content)
            )
            #expect(verdict == (content == 1 ? Self.fresh : Self.reused))
        }
        // Each verdict names the commit of its own original.
        for content: UInt64 in [3, 1, 5, 2, 4, 1] {
            let verdict = Self.admit(window, 1, content: content, writer: 1, commit: 9)
            #expect(
                verdict
                    == IdentityVerdict(
                        isDuplicate: true,
                        writer: 2,
                        commit: CommitNumber(rawValue: content)
                    )
            )
        }
        #expect(Self.admit(window, 1, content: 1, source: 1) == Self.fresh)
        #expect(window.figures.ids == 6)
    }

    /// Unknown content of either one equals any other.
    @Test func anUnknownContentEqualsAny() throws {
        let window = try IdentityWindowTests.window()
        #expect(Self.admit(window, 1, content: 0) == Self.fresh)
        #expect(
            Self.admit(window, 1, content: 5).isDuplicate
                && Self.admit(window, 1, content: 6).isDuplicate
        )
        #expect(Self.admit(window, 2, content: 5) == Self.fresh)
        #expect(Self.admit(window, 2, content: 0).isDuplicate)
    }

    @Test func aBurstDecidesOneAfterTheOther() throws {
        let window = try IdentityWindowTests.window()
        var burst = IdentityBurst(capacity: 4)
        for content: UInt64 in [1, 2, 1, 2] {
            window.announce(
                PackedIdentity(first: 1, second: 1),
                content: content,
                scope: 0,
                in: &burst
            )
        }
        window.admit(burst, receivedAt: Self.start, writer: 0, commit: 1)
        #expect((0..<4).map { burst.verdict(at: $0).isDuplicate } == [false, false, true, true])
        #expect((0..<4).map { burst.verdict(at: $0).isReused } == [false, true, false, false])
        #expect((0..<4).map { burst.content(at: $0) } == [1, 2, 1, 2])
    }

    /// Random ids, contents and times against a dictionary, over many windows.
    @Test(arguments: 1...6) func agreesWithADictionary(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let window = try IdentityWindowTests.window(16 << 20)
        struct Key: Hashable { var number, content: UInt64 }
        var model: [Key: Int] = [:]
        var newest: [UInt64: Int] = [:]
        var second = 0
        var reused = 0
        for step in 0..<60_000 {
            if step % 40 == 0 { second += Int.random(in: 0...6, using: &random) }
            let number = UInt64.random(in: 0..<300, using: &random)
            let key = Key(number: number, content: .random(in: 1...4, using: &random))
            let isKnown = model[key].map { second - $0 <= 100 } ?? false
            let hasOther = newest[number].map { second - $0 <= 100 } ?? false
            let verdict = Self.admit(window, number, content: key.content, second: second)
            let isRight =
                verdict.isDuplicate == isKnown && verdict.isReused == (!isKnown && hasOther)
            guard isRight else {
                Issue.record("seed \(seed), step \(step), \(key), \(verdict)")
                return
            }
            if isKnown { continue }
            reused += hasOther ? 1 : 0
            (model[key], newest[number]) = (second, second)
        }
        #expect(reused > 1_000 && window.figures.forgotten == 0)
        window.expire(now: Self.start + Int64(second + 200) * 1_000_000)
        #expect(window.figures.ids == 0)
    }

    /// The cost of a step does not depend on an id's number of contents.
    @Test func manyContentsOfOneIDStandApart() throws {
        let window = try IdentityWindowTests.window(64 << 20)
        for content: UInt64 in 1...100_000 {
            _ = Self.admit(window, 1, content: content &* 0x9E37_79B9_7F4A_7C15)
        }
        #expect(window.figures.ids == 100_000)
        let known = (1...100_000).count {
            Self.admit(window, 1, content: UInt64($0) &* 0x9E37_79B9_7F4A_7C15).isDuplicate
        }
        #expect(known == 100_000)
    }

    /// The memory per id that operators are told, for any size of the tables.
    @Test func anIDTakesSoMuchMemory() throws {
        let window = try IdentityWindowTests.window(256 << 20)
        var (least, most) = (Double.infinity, 0.0)
        for number: UInt64 in 1...1_500_000 {
            _ = Self.admit(window, number &* 0x9E37_79B9_7F4A_7C15, content: number)
            guard number > 500_000, number % 10_000 == 0 else { continue }
            let figures = window.figures
            #expect(figures.ids == Int(number))
            let bytes = Double(figures.bytes) / Double(number)
            (least, most) = (min(least, bytes), max(most, bytes))
        }
        print("bytes a UUID: \(least) to \(most)")
        #expect((44...60).contains(least) && (44...60).contains(most), "\(least) to \(most)")
    }

    /// The oldest are dropped first, and slots without records would be noticed.
    @Test func forgetsEarlierContentsFirst() throws {
        let window = try IdentityWindowTests.window()
        for content: UInt64 in 1...200_000 { _ = Self.admit(window, content % 7, content: content) }
        let figures = window.figures
        #expect(figures.bytes <= 4 << 20 && figures.forgotten > 50_000)
        #expect(figures.ids + figures.forgotten == 200_000)
        #expect(Self.admit(window, 200_000 % 7, content: 200_000).isDuplicate)
        #expect(Self.admit(window, 1, content: 1).isReused)
    }
}
