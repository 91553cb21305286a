import Events
import Foundation
import TestSupport
import Testing

/// The hash that distinguishes events with the same id, before writing and after reading back.
@Suite struct ContentHashTests {
    private static let hash = ContentHash(key0: 0x0123_4567_89AB_CDEF, key1: 0xFEDC_BA98_7654_3210)

    /// Returns the hashes of a payload's events; each must equal that of the written line.
    private func hashes(_ payload: [UInt8], by hash: ContentHash = hash) -> [UInt64] {
        var splicer = EventSplicer(node: "c1", source: "s", run: "r")
        var reader = PayloadReader(limits: PayloadLimits())
        var lineReader = WrittenLineReader()
        var view = EventView()
        var hashes: [UInt64] = []
        payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            while reader.next(&view) {
                #expect(view.rejection == nil)
                if view.rejection != nil { return }
                hashes.append(hash(view))
                let resolved = ResolvedEvent(channel: view.channel, time: nil, isIDReused: true)
                let room = splicer.bytesMax(for: view, as: resolved)
                let line = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                    guard let out = buffer.baseAddress else { return }
                    count = splicer.write(view, as: resolved, receivedAt: 1, sequence: 1, to: out)
                }
                line.dropLast().withUnsafeBytes { bytes in
                    var written = WrittenLine()
                    #expect(lineReader.read(bytes, into: &written))
                    #expect(
                        hash(written) == hashes.last,
                        "\(String(decoding: line, as: UTF8.self))"
                    )
                }
            }
        }
        return hashes
    }

    private func hash(_ payload: String) -> UInt64 {
        let found = hashes(Array(payload.utf8))
        #expect(found.count == 1)
        return found.first ?? 0
    }

    private static let plain = #"{"messageId":"m","event":"opened","n":1}"#

    @Test(arguments: [
        #"{"messageId":"m","event":"opened","n":1,"sentAt":"2026"}"#,
        #"{"messageId":"m","event":"opened","n":1, "sentAt" : {"a":[1,2]}}"#,
        #"{"messageId":"m","sentAt":null,"event":"opened","n":1}"#,
        #"{"messageId":"m","\u0073entAt":7,"event":"opened","n":1}"#,
        #"{"sentAt":"x","messageId":"m","event":"opened","n":1}"#,
        #"{"batch":[{"messageId":"m","event":"opened","n":1}],"sentAt":"2026"}"#,
        "{\n\"messageId\":\"m\",\r\n\"event\":\"opened\",\"n\":1,\n\"sentAt\":\n5\n}",
        #"[{"messageId":"m","event":"opened","n":1}]"#,
    ])
    func theTimeOfSendingDoesNotCount(payload: String) {
        #expect(hash(payload) == hash(Self.plain))
    }

    @Test(arguments: [
        #"{"messageId":"m","event":"opened","n":2}"#,
        #"{"messageId":"m","event":"clicked","n":1}"#,
        #"{"messageId":"m","event":"opened","n":1,"a":{"sentAt":1}}"#,
        #"{"messageId":"m","event":"opened","n":1,"sentat":1}"#,
        #"{"messageId":"m","event":"opened","n":1,"sentAt":1,"sentAt":1}"#,
        #"{"messageId":"m","event":"opened"}"#,
        #"{"event":"opened","messageId":"m","n":1}"#,
        #"{"batch":[{"messageId":"m","event":"opened","n":1}],"context":{}}"#,
    ])
    func allElseCounts(payload: String) {
        #expect(hash(payload) != hash(Self.plain))
    }

    /// The same members, inherited or the event's own.
    @Test func aContextCountsWhereverItCameFrom() {
        let own = #"{"context":{"ip":"1"},"messageId":"m","n":1}"#
        let down =
            "{\"batch\":[{\"messageId\":\"m\",\"n\":1}],\"context\":{\n\"ip\":\"1\"},\"sentAt\":3}"
        #expect(hash(down) == hash(own))
        #expect(hash(down.replacing("1\"}", with: "2\"}")) != hash(own))
    }

    /// Every byte of a text of every length changes the hash, with every key.
    @Test func everyByteCounts() {
        for hash in [Self.hash, ContentHash(key0: 1, key1: 2), .random] {
            var seen: Set<UInt64> = []
            var texts = 0
            for length in 0..<70 {
                let text = [UInt8](repeating: 0x61, count: length)
                for at in 0...length {
                    var text = text
                    if at < length { text[at] = 0x62 }
                    let payload = Array("{\"a\":\"".utf8) + text + Array("\"}".utf8)
                    seen.formUnion(hashes(payload, by: hash))
                    texts += 1
                }
            }
            #expect(seen.count == texts && !seen.contains(0))
        }
    }

    @Test func theKeyDecides() {
        let other = ContentHash(key0: Self.hash.key0 ^ 1, key1: Self.hash.key1)
        let third = ContentHash(key0: Self.hash.key0, key1: Self.hash.key1 ^ 1)
        #expect(Set([Self.hash, other, third].map(\.check)).count == 3)
        let payload = Array(Self.plain.utf8)
        #expect(Set([Self.hash, other, third].flatMap { hashes(payload, by: $0) }).count == 3)
        #expect(ContentHash.random != .random)
    }

    /// Random events with their `sentAt` anywhere, white space anywhere, alone and in batches.
    @Test func eventsAndTheirLinesAgree() {
        let seed = UInt64.random(in: 1 ... .max)
        print("contents: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        func blanks() -> String {
            (0..<Int.random(in: 0...2, using: &random)).map { _ in
                [" ", "\t", "\n", "\r"][Int.random(in: 0..<4, using: &random)]
            }.joined()
        }
        func member(_ key: String) -> String {
            let values = ["1", "\"\\\"x,}\"", "{\"sentAt\": 1}", "[ ]", "null", "\"\u{e9}\""]
            let value = values[Int.random(in: 0..<values.count, using: &random)]
            return "\(blanks())\"\(key)\"\(blanks()):\(blanks())\(value)\(blanks())"
        }
        for _ in 0..<3_000 {
            let keys = (0..<Int.random(in: 0...4, using: &random)).map { "k\($0)" }
            var members = ["\(blanks())\"messageId\":\"m\"\(blanks())"] + keys.map { member($0) }
            members.shuffle(using: &random)
            var marked = members
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                marked.insert(
                    member("sentAt"),
                    at: Int.random(in: 0...marked.count, using: &random)
                )
            }
            let event = "{\(marked.joined(separator: ","))}"
            let more = [member("context"), member("sentAt"), member("channel")].shuffled(
                using: &random
            )
            let batch = (["\"batch\":[\(event),\(event)]"] + more).joined(separator: ",")
            #expect(hashes(Array(event.utf8)).count == 1, "seed \(seed)")
            let both = hashes(Array("{\(batch)}".utf8))
            #expect(both.count == 2 && both.first == both.last, "seed \(seed)")
        }
    }
}
