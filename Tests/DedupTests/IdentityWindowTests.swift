import TestSupport
import Testing

@testable import Dedup

@Suite struct IdentityWindowTests {
    private static let second: Int64 = 1_000_000
    private static let start: Int64 = 1_795_000_000 * second

    static func window(
        _ memoryBytesMax: Int = IdentityWindow.memoryBytesMin,
        seconds: Int = 100
    ) throws -> IdentityWindow {
        try #require(
            IdentityWindow(
                IdentityWindow.Configuration(
                    window: .seconds(seconds),
                    memoryBytesMax: memoryBytesMax
                )
            )
        )
    }

    static func uuid(_ random: inout some RandomNumberGenerator) -> String {
        let digits = (0..<32).map { _ in
            Array("0123456789abcdef")[Int.random(in: 0..<16, using: &random)]
        }
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
            .joined(separator: "-")
    }

    static func admit(
        _ window: IdentityWindow,
        _ id: String,
        source: Int = 0,
        at: Int64 = start,
        writer: Int = 0,
        commit: CommitNumber = 1
    ) -> IdentityVerdict {
        Array(id.utf8).withUnsafeBytes {
            window.admit(
                window.announce(PackedIdentity($0), scope: source),
                receivedAt: at,
                writer: writer,
                commit: commit
            )
        }
    }

    @Test func tellsWhoHasTheOriginal() throws {
        let window = try Self.window()
        window.begin(commit: 7, writer: 3)
        #expect(!Self.admit(window, "a", writer: 3, commit: 7).isDuplicate)
        window.begin(commit: 900, writer: 3)
        let again = Self.admit(window, "a", writer: 1, commit: 2)
        #expect(again == IdentityVerdict(isDuplicate: true, writer: 3, commit: 7))
        #expect(!Self.admit(window, "a", source: 1).isDuplicate)
        #expect(!Self.admit(window, "A").isDuplicate)
    }

    /// Only the lower half of a commit's number is stored.
    @Test func tellsCommitsBeyondFourBillion() throws {
        let window = try Self.window()
        for commit in [UInt64(UInt32.max) - 1, UInt64(UInt32.max) + 5, 1 << 40].map(
            CommitNumber.init(rawValue:)
        ) {
            window.begin(commit: commit, writer: 200)
            _ = Self.admit(window, "commit \(commit)", writer: 200, commit: commit)
            window.begin(
                commit: CommitNumber(rawValue: commit.rawValue + 3_000_000_000),
                writer: 200
            )
            #expect(Self.admit(window, "commit \(commit)").commit == commit)
        }
    }

    /// Announcing is a hint: whatever happens before the admission, the verdict is the same.
    @Test func whatWasAnnouncedLongBeforeIsFound() throws {
        let window = try Self.window(16 << 20)
        let ids = (1...50_000).map { PackedIdentity(first: $0, second: 7) }
        for isKnown in [false, true] {
            // Tables grow between announcement and admission.
            let announced = ids.map { window.announce($0, scope: 3) }
            let duplicates = announced.count {
                window.admit($0, receivedAt: Self.start, writer: 0, commit: 1).isDuplicate
            }
            #expect(duplicates == (isKnown ? ids.count : 0))
        }
    }

    /// A burst's ids get the same verdicts as one at a time, within the burst and before it.
    @Test(arguments: [1, 7, 16]) func aBurstIsAnsweredLikeOneAfterTheOther(size: Int) throws {
        var random = SeededGenerator(seed: UInt64(size))
        let (together, alone) = (try Self.window(16 << 20), try Self.window(16 << 20))
        for window in [together, alone] { window.begin(commit: 5, writer: 2) }
        var burst = IdentityBurst(capacity: size)
        for round in 0..<2_000 {
            let numbers = (0..<size).map { _ in UInt64.random(in: 0..<9_000, using: &random) }
            burst.clear()
            let expected = numbers.map { number in
                // Every tenth event has no id.
                let identity =
                    number % 10 == 0 ? .none : PackedIdentity(first: number, second: ~number)
                together.announce(identity, scope: 1, in: &burst)
                if identity.isNone { return IdentityVerdict(isDuplicate: false) }
                let announced = alone.announce(identity, scope: 1)
                return alone.admit(announced, receivedAt: Self.start, writer: 2, commit: 5)
            }
            together.admit(burst, receivedAt: Self.start, writer: 2, commit: 5)
            let verdicts = numbers.indices.map { burst.verdict(at: $0) }
            #expect(verdicts == expected, "round \(round)")
            let kept = numbers.indices.map { burst.identity(at: $0).first }
            #expect(kept == numbers.map { $0 % 10 == 0 ? 0 : $0 })
        }
        #expect(together.figures.ids == alone.figures.ids)
    }

    @Test func anIdThatWasDurableBeforeWaitsForNothing() throws {
        let window = try Self.window()
        _ = Self.admit(window, "before", writer: 0, commit: 0)
        window.begin(commit: 12, writer: 0)
        #expect(Self.admit(window, "before") == IdentityVerdict(isDuplicate: true))
    }

    /// Random ids, sources and times against a dictionary, with enough memory.
    @Test(arguments: 1...6) func agreesWithADictionary(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let window = try Self.window(16 << 20)
        var model: [String: Int64] = [:]
        let ids = (0..<3_000).map { number in
            switch number % 3 {
            case 0: Self.uuid(&random)
            case 1: "id-\(number)"
            default: String(repeating: "long", count: number % 250) + "\(number)"
            }
        }
        var now = Self.start
        for step in 0..<60_000 {
            if Int.random(in: 0..<50, using: &random) == 0 {
                now += Int64.random(in: 1...9, using: &random) * Self.second
            }
            let id = ids[Int.random(in: 0..<ids.count, using: &random)]
            let source = Int.random(in: 0..<3, using: &random)
            let key = "\(source) \(id)"
            let isKnown = model[key].map { now / Self.second - $0 / Self.second <= 100 } ?? false
            let verdict = Self.admit(window, id, source: source, at: now)
            guard verdict.isDuplicate == isKnown else {
                Issue.record("seed \(seed), step \(step), \(key)")
                return
            }
            if !isKnown { model[key] = now }
            if step % 5_000 == 0 { window.expire(now: now) }
        }
        #expect(window.figures.forgotten == 0)
        window.expire(now: now + 200 * Self.second)
        #expect(window.figures.ids == 0)
        #expect(window.figures.bytes < 1 << 20)
    }

    /// If memory is short the oldest ids are forgotten first and counted, and no event is taken for
    /// a duplicate wrongly.
    @Test(arguments: 1...3) func forgetsTheOldestWhenMemoryIsShort(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let window = try Self.window(seconds: 1_000_000)
        let ids = (0..<200_000).map { _ in
            PackedIdentity(first: random.next(), second: random.next())
        }
        func isKnown(_ identity: PackedIdentity, second: Int) -> Bool {
            window.admit(
                window.announce(identity, scope: 0),
                receivedAt: Self.start + Int64(second) * Self.second,
                writer: 0,
                commit: 1
            ).isDuplicate
        }
        var wrong = 0
        for (number, id) in ids.enumerated() {
            if isKnown(id, second: number / 1_000) { wrong += 1 }
            if number % 500 == 0 { #expect(window.figures.bytes <= 4 << 20) }
        }
        #expect(wrong == 0)
        let figures = window.figures
        #expect(figures.ids + figures.forgotten == ids.count)
        #expect(figures.ids > 70_000, "\(figures)")
        #expect((60...130).contains(figures.forgottenAgeSeconds), "\(figures)")
        // The newest are all known; the oldest are all gone, and looking them up stores them again.
        #expect(ids.suffix(60_000).allSatisfy { isKnown($0, second: 200) })
        #expect(ids.prefix(1_000).allSatisfy { !isKnown($0, second: 200) })
    }

    @Test func oneIdFitsHoweverShortMemoryIs() throws {
        var random = SeededGenerator(seed: 9)
        let window = try Self.window(seconds: 1_000_000)
        var wrong = 0
        for number in 0..<20_000 {
            let filler = String(repeating: "x", count: Int.random(in: 900...1_000, using: &random))
            let id = filler + "\(number)"
            if Self.admit(window, id).isDuplicate { wrong += 1 }
            if !Self.admit(window, id).isDuplicate { wrong += 1 }
            if number % 500 == 0 { #expect(window.figures.bytes <= 4 << 20) }
        }
        #expect(wrong == 0)
        #expect(window.figures.forgotten > 0)
    }

    @Test func givesMemoryBackWhenIdsAreOld() throws {
        let window = try Self.window(64 << 20)
        for number in 0..<100_000 { _ = Self.admit(window, "event \(number)") }
        let full = window.figures
        #expect(full.ids == 100_000 && full.bytes > 3 << 20)
        window.expire(now: Self.start + 200 * Self.second)
        #expect(window.figures.ids == 0)
        // Tables keep their size; records do not.
        #expect(window.figures.bytes < full.bytes / 2)
    }

    @Test func takesLittleBeforeAnythingCame() throws {
        let window = try Self.window(64 << 30)
        #expect(window.figures.bytes < 32 << 10)
        for number in 0..<32 { _ = Self.admit(window, "\(number)") }
        #expect(window.figures.bytes < 1 << 20)
    }
}
