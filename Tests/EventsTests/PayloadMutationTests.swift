import Events
import TestSupport
import Testing

/// For any bytes, reading a payload ends, stays inside it, and loses nothing.
@Suite struct PayloadMutationTests {
    private static let seeds = [
        #"{"type":"track","channel":"web","n":[1,2.5e3,{"a":null}],"s":"\u00fc\ud83d\ude00"}"#,
        "{\n  \"type\": \"track\",\n  \"a\": [\n    1\n  ]\n}",
        "{\"a\":1}\n{\"b\":\"x\"}\n\n{\"c\":[true,false]}\n",
        "{\"a\":1}\r\n{\"b\":{\"c\":2}}\r\n",
        #"[{"a":1},{"b":[2]},{"c":"]"},[],3]"#,
        "{\"a\":1}\n{\"batch\":[{\"b\":1},{\"b\":2}],\"context\":{\"channel\":\"w\"}}\n{\"c\":1}",
        #"{"batch":[{"a":1},{"a":2}],"context":{"k":1},"sentAt":"x"}"#,
    ]

    private func mutate(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(text.utf8)
        let likely = Array("[]{},:\"\\\n\r 01eE.-tfnu\u{0}_".utf8) + [0x80, 0xFF]
        for _ in 0...Int.random(in: 0...3, using: &generator) {
            let at = Int.random(in: 0...bytes.count, using: &generator)
            let byte = likely[Int.random(in: 0..<likely.count, using: &generator)]
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where at < bytes.count:
                bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            case 1 where at < bytes.count: bytes[at] = byte
            case 2 where at < bytes.count: bytes.remove(at: at)
            case 3: bytes.removeLast(bytes.count - at)
            default: bytes.insert(byte, at: at)
            }
        }
        return bytes
    }

    /// Returns the first fault, or nil.
    private func fault(_ payload: [UInt8], _ found: [Piece]) -> String? {
        if found.count > payload.count + 1 { return "does not end" }
        var end = 0
        var covered = [Bool](repeating: false, count: payload.count)
        for piece in found where piece.start >= 0 {
            guard piece.start >= end, piece.start + piece.text.count <= payload.count else {
                return "piece at \(piece.start) is out of order or outside"
            }
            end = piece.start + piece.text.count
            guard Array(payload[piece.start..<end]) == piece.text else { return "bytes differ" }
            for at in piece.start..<end { covered[at] = true }
            if piece.isEvent, piece.text.first != UInt8(ascii: "{") { return "an event without {" }
        }
        // An envelope's own members belong to no event.
        if payload.containsText("batch") { return nil }
        for (at, byte) in payload.enumerated() where !covered[at] && !byte.isSpaceOrSeparator {
            return "byte \(at) is lost"
        }
        return nil
    }

    @Test func mutatedPayloadsLoseNothing() {
        let seed = UInt64.random(in: 1 ... .max)
        print("payload mutations: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let limits = PayloadLimits(eventBytesMax: 60, eventsMax: 6, depthMax: 5)
        var readers = [PayloadReaderBox(limits), PayloadReaderBox(PayloadLimits())]
        for round in 0..<20_000 {
            let text = Self.seeds[round % Self.seeds.count]
            let payload = mutate(text, &generator)
            for at in readers.indices {
                let found = readers[at].pieces(payload)
                if let fault = fault(payload, found) {
                    Issue.record(
                        "seed \(seed), round \(round): \(fault) in \(String(decoding: payload, as: UTF8.self))"
                    )
                    return
                }
            }
        }
        readers.removeAll()
    }

    @Test func everyTruncationIsReadToItsEnd() {
        for text in Self.seeds {
            let bytes = Array(text.utf8)
            for count in 0...bytes.count {
                let payload = Array(bytes[..<count])
                #expect(fault(payload, pieces(payload)) == nil, "\(count) bytes of \(text)")
            }
        }
    }
}

/// Wraps a reader, which cannot be an array's element itself.
private final class PayloadReaderBox {
    private var reader: PayloadReader

    init(_ limits: PayloadLimits) { reader = PayloadReader(limits: limits) }

    func pieces(_ payload: [UInt8]) -> [Piece] { EventsTests.pieces(payload, &reader) }
}

extension [UInt8] {
    func containsText(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard count >= wanted.count else { return false }
        return (0...(count - wanted.count)).contains {
            Array(self[$0..<($0 + wanted.count)]) == wanted
        }
    }
}
