import Compression
import TestSupport
import Testing

@Suite struct InflaterTests {
    private static let fast = Setting(engine: .isal, level: 1)

    private func inflate(_ payload: [UInt8], limit: Int) -> (Inflater.Outcome, [UInt8]) {
        var inflater = Inflater()
        var buffer = GrowableBuffer()
        let outcome = payload.withUnsafeBytes { inflater.inflate($0, into: &buffer, limit: limit) }
        #expect(buffer.count - 1 <= max(0, limit))
        return (outcome, Array(buffer.bytes))
    }

    @Test(arguments: [0, 1, 4095, 4096, 4097, 1_000_000])
    func inflatesUpToTheLimitAndNotBeyond(size: Int) throws {
        let input = CompressionSample.events.bytes(count: size)
        let payload = try gzip(input, Self.fast)
        let (outcome, output) = inflate(payload, limit: size)
        #expect(outcome == .ok(count: size))
        #expect(output == input)
        #expect(inflate(payload, limit: size + 1000).0 == .ok(count: size))
        #expect(inflate(payload, limit: Int.max).0 == .ok(count: size))
        if size > 0 { #expect(inflate(payload, limit: size - 1).0 == .tooLarge) }
    }

    @Test func severalMembersAreOnePayload() throws {
        let payload =
            try gzip(Array("a".utf8), Self.fast) + gzip([], Self.fast)
            + gzip(Array("bc".utf8), Self.fast)
        let (outcome, output) = inflate(payload, limit: 3)
        #expect(outcome == .ok(count: 3))
        #expect(output == Array("abc".utf8))
        #expect(inflate(payload, limit: 2).0 == .tooLarge)
    }

    @Test func aBombStaysWithinTheLimit() throws {
        let payload = try gzip([UInt8](repeating: 0, count: 50_000_000), Self.fast)
        #expect(inflate(payload, limit: 100_000).0 == .tooLarge)
    }

    /// A payload may inflate to a thousand times its bytes, and is refused long before.
    @Test func aBombIsRefusedAtItsBeginning() throws {
        let payload = try gzip([UInt8](repeating: 0, count: 50_000_000), Self.fast)
        #expect(payload.count > 40_000)
        let limit = Inflater.Limit(bytesMax: 32 << 20, start: 65_536, perByte: 100)
        for bytesMax in [1_000, .max] {
            var inflater = Inflater()
            var buffer = GrowableBuffer()
            payload.withUnsafeBytes { payload in
                inflater.begin(payload, into: &buffer, limit: limit)
                var outcome: Inflater.Outcome?
                while outcome == nil {
                    outcome = inflater.step(payload, into: &buffer, bytesMax: bytesMax)
                }
                #expect(outcome == .tooLarge)
            }
            #expect(buffer.count < 200_000)
        }
    }

    @Test(arguments: [1_000, 100_000, Int.max])
    func aProportionRefusesNothingBelowIt(bytesMax: Int) throws {
        let limit = Inflater.Limit(bytesMax: 32 << 20, start: 65_536, perByte: 100)
        let few = CompressionSample.random.bytes(count: 10_000)
        let blanks = [UInt8](repeating: 0, count: 200_000)
        let events = CompressionSample.events.bytes(count: 3_000_000)
        for (raw, isAccepted) in [
            (events, true), ([UInt8](repeating: 0, count: 65_536), true), (few + blanks, true),
            (blanks + few, false),
        ] {
            let payload = try gzip(raw, Self.fast)
            var inflater = Inflater()
            var buffer = GrowableBuffer()
            payload.withUnsafeBytes { payload in
                inflater.begin(payload, into: &buffer, limit: limit)
                var outcome: Inflater.Outcome?
                while outcome == nil {
                    outcome = inflater.step(payload, into: &buffer, bytesMax: bytesMax)
                }
                #expect(outcome == (isAccepted ? .ok(count: raw.count) : .tooLarge))
            }
        }
    }

    @Test(
        arguments: [
            ([], "it ends in the middle of the stream"),
            ([0x1f], "it ends in the middle of the stream"),
            ([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], "it ends in the middle of the stream"),
            ([0x7b, 0x7d], "incorrect header check"),
        ] as [([UInt8], String)]
    )
    func refusesWhatIsNoGzip(payload: [UInt8], reason: String) {
        guard case .failed(_, let said) = inflate(payload, limit: 100).0 else {
            Issue.record("accepted")
            return
        }
        #expect(said == reason)
    }

    @Test func refusesBytesBehindTheEnd() throws {
        let payload = try gzip([1, 2, 3], Self.fast)
        let (outcome, _) = inflate(payload + [0], limit: 100)
        #expect(
            outcome == .failed(offset: payload.count, reason: "bytes after the end of the stream")
        )
        for behind: [UInt8] in [[0x1f], [0x1f, 0x8b], [0x1f, 0x00]] {
            guard case .failed = inflate(payload + behind, limit: 100).0 else {
                Issue.record("accepted \(behind)")
                return
            }
        }
    }

    @Test func isReusableAfterEveryOutcome() throws {
        let good = try gzip(Array("good".utf8), Self.fast)
        var inflater = Inflater()
        var buffer = GrowableBuffer()
        for payload in [good, [1, 2], good, Array(good.dropLast()), good] {
            let outcome = payload.withUnsafeBytes { inflater.inflate($0, into: &buffer, limit: 4) }
            #expect((outcome == .ok(count: 4)) == (payload == good))
        }
        #expect(Array(buffer.bytes) == Array("good".utf8))
    }

    @Test func randomBytesNeverTrapOrPassTheLimit() {
        for seed in UInt64(1)...2000 {
            var random = SeededGenerator(seed: seed)
            var payload = CompressionSample.random.bytes(
                count: Int.random(in: 0...300, using: &random),
                seed: seed
            )
            payload.insert(contentsOf: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], at: 0)
            _ = inflate(payload, limit: 5000)
        }
    }

    @Test(arguments: [1, 7, 1_000, 1 << 20])
    func inStepsAsAtOnce(bytesMax: Int) throws {
        let raw = [UInt8]((0..<50_000).map { UInt8(truncatingIfNeeded: $0 / 3) })
        let whole = try gzip(raw, Self.fast) + gzip([1, 2, 3], Self.fast)
        for payload in [whole, Array(whole.dropLast(5)), whole + [0]] {
            var inflater = Inflater()
            var atOnce = Inflater()
            var buffer = GrowableBuffer()
            var expected = GrowableBuffer()
            payload.withUnsafeBytes { payload in
                let outcome = atOnce.inflate(payload, into: &expected, limit: 1 << 20)
                inflater.begin(payload, into: &buffer, limit: Inflater.Limit(bytesMax: 1 << 20))
                var steps = 0
                var stepped: Inflater.Outcome?
                while stepped == nil {
                    let before = buffer.count
                    stepped = inflater.step(payload, into: &buffer, bytesMax: bytesMax)
                    #expect(buffer.count - before <= bytesMax)
                    steps += 1
                }
                #expect(stepped == outcome)
                #expect(Array(buffer.bytes) == Array(expected.bytes))
                #expect(steps > 1 || bytesMax > 50_000)
            }
        }
    }
}
