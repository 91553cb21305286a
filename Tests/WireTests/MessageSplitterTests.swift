import TestSupport
import Testing

@testable import Wire

/// Messages out of bytes, compared with a splitter that has the whole stream.
@Suite struct MessageSplitterTests {
    /// The limits of a splitter.
    struct Limits: CustomStringConvertible {
        var isAnswered: Bool
        var frame: Int
        var payload: Int

        var description: String {
            "\(isAnswered ? "router" : "pull"), frames \(frame), payloads \(payload)"
        }

        var splitter: MessageSplitter {
            MessageSplitter(isAnswered: isAnswered, frameBytesMax: frame, payloadBytesMax: payload)
        }

        func reference(_ stream: [UInt8]) -> ReferenceSplitter {
            var reference = ReferenceSplitter(
                isAnswered: isAnswered,
                frameBytesMax: frame,
                payloadBytesMax: payload
            )
            reference.split(stream)
            return reference
        }

        /// The items of a stream that is fed at once and byte by byte.
        func items(_ stream: [UInt8]) throws -> [SplitItem] {
            var address = PeerAddress()
            var whole = SplitConnection(name: isAnswered ? [1, 2] : [])
            try whole.feed(stream, to: splitter, &address)
            var single = SplitConnection(name: isAnswered ? [1, 2] : [])
            for byte in stream where !single.hasEnded {
                try single.feed([byte], to: splitter, &address)
            }
            #expect(whole.items == single.items)
            return whole.items
        }
    }

    private static let all = [true, false].flatMap { isAnswered in
        [(3_000, 2_000), (2_000, 3_000), (300, 300), (100, 90)].map {
            Limits(isAnswered: isAnswered, frame: $0, payload: $1)
        }
    }

    private let pull = Limits(isAnswered: false, frame: 1_000, payload: 900)
    private let router = Limits(isAnswered: true, frame: 1_000, payload: 900)

    // MARK: - Cases

    @Test func aFrameIsAMessage() throws {
        let stream = [[1], [], [2, 3]].flatMap { WireSamples.frame($0) }
        let none: [[UInt8]] = []
        let one = SplitItem.message(payload: [1], envelope: none)
        let two = SplitItem.message(payload: [2, 3], envelope: none)
        #expect(try pull.items(stream) == [one, .message(payload: [], envelope: none), two])
        #expect(try router.items(stream) == [one, .probe, two])
    }

    @Test func framesAheadOfThePayloadAreItsEnvelope() throws {
        let stream = WireSamples.message([[7], [], [1]]) + WireSamples.message([[], []])
        let first = SplitItem.message(payload: [1], envelope: [[7], []])
        #expect(try router.items(stream) == [first, .message(payload: [], envelope: [[]])])
        let last = SplitItem.message(payload: [], envelope: [])
        #expect(try pull.items(stream) == [.message(payload: [1], envelope: []), last])
    }

    @Test func commandsMayComeBetweenFrames() throws {
        let ping = WireSamples.command("PING", [0, 0])
        let body = Array(ping.dropFirst(2))
        let stream =
            WireSamples.frame([7], more: true) + ping + ping + WireSamples.frame([8], more: true)
            + ping + WireSamples.frame([1]) + ping + WireSamples.frame([2])
        let commands = Array(repeating: SplitItem.command(body), count: 3)
        let first = SplitItem.message(payload: [1], envelope: [[7], [8]])
        let second = SplitItem.message(payload: [2], envelope: [])
        #expect(try router.items(stream) == commands + [first, .command(body), second])
    }

    @Test func aPayloadThatNoRecordCanHoldIsDropped() throws {
        for limits in [pull, router] {
            let large = WireSamples.frame([UInt8](repeating: 1, count: 901))
            let fits = [UInt8](repeating: 1, count: 900)
            let stream = large + WireSamples.frame(fits) + large
            let message = SplitItem.message(payload: fits, envelope: [])
            let refused = SplitItem.refused(.tooLarge, envelope: [])
            #expect(try limits.items(stream) == [refused, message, refused])
        }
    }

    /// The limit holds for a frame that came whole, too.
    @Test func aFrameAboveTheLimitEndsTheConnection() throws {
        for isAnswered in [true, false] {
            let limits = Limits(isAnswered: isAnswered, frame: 1_000, payload: 5_000)
            let most = [UInt8](repeating: 1, count: 1_000)
            let stream = WireSamples.frame(most) + WireSamples.frame(most + [1])
            let message = SplitItem.message(payload: most, envelope: [])
            #expect(try limits.items(stream) == [message, .violation(.frameTooLong)])
            let more = WireSamples.frame(most + [1], more: true)
            #expect(try limits.items(more) == [.violation(.frameTooLong)])
        }
    }

    @Test func whatNoEnvelopeCanHoldIsRefusedWithWhatItHeld() throws {
        let long = [UInt8](repeating: 5, count: 256)
        let nine = (0..<9).map { [UInt8($0)] }
        let stream =
            WireSamples.message([[7], long, [8], [1]]) + WireSamples.message(nine + [[1]])
            + WireSamples.message([long] + nine + [[1]]) + WireSamples.message([[9], [1]])
        let eight = Array(nine.prefix(8))
        #expect(
            try router.items(stream) == [
                .refused(.requestIDTooLong, envelope: [[7], [], [8]]),
                .refused(.tooManyFrames, envelope: eight),
                .refused(.tooManyFrames, envelope: [[]] + eight.prefix(7)),
                .message(payload: [1], envelope: [[9]]),
            ]
        )
    }

    @Test func aCommandThatIsTooLongOrHasMoreEndsTheConnection() throws {
        let long = WireSamples.frame([UInt8](repeating: 65, count: 2_049), command: true)
        let more = WireSamples.frame([4, 80, 73, 78, 71], more: true, command: true)
        let most = [UInt8](repeating: 65, count: 2_048)
        for limits in [pull, router] {
            #expect(try limits.items(Array(long.prefix(9))) == [.violation(.notZMTP)])
            #expect(try limits.items(more) == [.violation(.notZMTP)])
            #expect(try limits.items(WireSamples.frame(most, command: true)) == [.command(most)])
        }
    }

    /// One that reads no more than this never reads into the next message.
    @Test func saysHowManyBytesItNeeds() throws {
        let stream = WireSamples.message([[7, 7], [UInt8](repeating: 1, count: 300)])
        var address = PeerAddress()
        var connection = SplitConnection(name: [1])
        var wanted: [Int] = []
        for (at, byte) in stream.dropLast().enumerated() {
            try connection.feed([byte], to: router.splitter, &address)
            #expect(connection.wanted > at + 1)
            if wanted.last != connection.wanted { wanted.append(connection.wanted) }
        }
        #expect(wanted == [2, 4, 6, 13, 313])
    }

    // MARK: - Random streams

    private static func stream(_ limits: Limits, _ random: inout SeededGenerator) -> [UInt8] {
        let sizes = [
            0, 0, 1, 1, 2, 5, 127, 128, 200, 254, 255, 255, 256, 257, 300, limits.payload,
            limits.payload + 1, limits.frame,
        ]
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let isPlain = Int.random(in: 0..<3, using: &random) == 0
            let frames = isPlain ? 1 : Int.random(in: 1...11, using: &random)
            for at in 0..<frames {
                if Int.random(in: 0..<8, using: &random) == 0 {
                    let count = UInt8.random(in: 0...255, using: &random)
                    bytes += WireSamples.frame(Array(0..<count), command: true)
                }
                var size = sizes.randomElement(using: &random) ?? 0
                // Mostly within the limit.
                if size > limits.frame, Int.random(in: 0..<20, using: &random) > 0 { size = 3 }
                if Int.random(in: 0..<300, using: &random) == 0 { size = limits.frame + 1 }
                let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ bytes.count) }
                bytes += WireSamples.frame(
                    body,
                    more: at < frames - 1,
                    isLong: Int.random(in: 0..<4, using: &random) == 0
                )
            }
        }
        return bytes
    }

    /// Two connections in turn, in pieces of random lengths.
    private static func compare(
        _ limits: Limits,
        _ streams: [[UInt8]],
        by random: inout SeededGenerator
    ) throws {
        let references = streams.map(limits.reference)
        var address = PeerAddress()
        var rests = streams.map { $0[...] }
        var connections = streams.indices.map {
            SplitConnection(name: limits.isAnswered ? [UInt8($0), 1, 2, 3] : [])
        }
        while let at = rests.indices.filter({ !rests[$0].isEmpty }).randomElement(using: &random) {
            let most = [1, 3, 300, 5_000].randomElement(using: &random) ?? 1
            let count = Int.random(in: 1...most, using: &random)
            try connections[at].feed(rests[at].prefix(count), to: limits.splitter, &address)
            rests[at] = rests[at].dropFirst(count)
            if connections[at].hasEnded {
                rests[at] = []
                continue
            }
            let fed = streams[at].count - rests[at].count
            guard let end = references[at].ends.first(where: { $0 > fed }) else { continue }
            #expect(connections[at].wanted > fed && connections[at].wanted <= end)
        }
        for (connection, reference) in zip(connections, references) {
            try #require(connection.items == reference.items)
        }
    }

    @Test(arguments: all) func splitsAsTheReferenceDoes(limits: Limits) throws {
        for seed in UInt64(1)...150 {
            var random = SeededGenerator(seed: seed)
            let streams = (0..<2).map { _ in Self.stream(limits, &random) }
            do {
                try Self.compare(limits, streams, by: &random)
            } catch {
                Issue.record("seed \(seed), \(limits): \(error)")
                return
            }
        }
    }

    /// A stream with a few bytes changed.
    @Test(arguments: all) func damagedStreamsAreSplitAsTheReferenceDoes(limits: Limits) throws {
        for seed in UInt64(1_000)...1_300 {
            var random = SeededGenerator(seed: seed)
            var stream = Self.stream(limits, &random)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<min(stream.count, 600), using: &random)
                stream[at] = UInt8.random(in: 0...7, using: &random)
            }
            do {
                try Self.compare(limits, [stream], by: &random)
            } catch {
                Issue.record("seed \(seed), \(limits): \(error)")
                return
            }
        }
    }

    @Test(arguments: all) func randomBytesEndOrWait(limits: Limits) throws {
        for seed in UInt64(1)...400 {
            var random = SeededGenerator(seed: seed)
            let most: UInt8 = seed % 2 == 0 ? 7 : 255
            let stream = (0..<600).map { _ in UInt8.random(in: 0...most, using: &random) }
            do {
                try Self.compare(limits, [stream], by: &random)
            } catch {
                Issue.record("seed \(seed), \(limits): \(error)")
                return
            }
        }
    }
}
