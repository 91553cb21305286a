import Events
import Foundation
import Platform
import TestSupport
import Testing

/// ``EventSplicer``, ``QuarantineRecord``, and ``WrittenLineReader``, which reads both.
@Suite struct WrittenLinesTests {
    private static let head =
        #"{"_touchpoint":{"receivedAt":"2025-11-22T10:00:00.123456Z","node":"c1","source":"s","seq":17,"run":"r"}"#
    private static let receivedAt: Int64 = 1_763_805_600_123_456

    /// Returns the lines of a payload's pieces, events and rejections.
    private func lines(
        _ payload: [UInt8],
        receivedAt: Int64 = receivedAt,
        sequence: UInt64 = 17,
        limits: PayloadLimits = PayloadLimits(),
        resolve: (EventView) -> ResolvedEvent = { _ in ResolvedEvent() }
    ) -> [[UInt8]] {
        var splicer = EventSplicer(node: "c1", source: "s", run: "r")
        return lines(
            payload,
            receivedAt: receivedAt,
            sequence: sequence,
            limits: limits,
            with: &splicer,
            resolve: resolve
        )
    }

    private func lines(
        _ payload: [UInt8],
        receivedAt: Int64,
        sequence: UInt64,
        limits: PayloadLimits = PayloadLimits(),
        with splicer: inout EventSplicer,
        resolve: (EventView) -> ResolvedEvent = { _ in ResolvedEvent() }
    ) -> [[UInt8]] {
        var reader = PayloadReader(limits: limits)
        var view = EventView()
        var lines: [[UInt8]] = []
        payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            while reader.next(&view) {
                if let rejection = view.rejection {
                    lines.append(
                        QuarantineRecord.line(
                            view,
                            rejection: rejection,
                            splicer: &splicer,
                            receivedAt: receivedAt,
                            sequence: sequence
                        )
                    )
                    continue
                }
                let resolved = resolve(view)
                let room = splicer.bytesMax(for: view, as: resolved)
                lines.append(
                    [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                        guard let out = buffer.baseAddress else { return }
                        count = splicer.write(
                            view,
                            as: resolved,
                            receivedAt: receivedAt,
                            sequence: sequence,
                            to: out
                        )
                    }
                )
                #expect(lines[lines.count - 1].count <= room)
            }
        }
        return lines
    }

    private func line(_ payload: String) -> String {
        String(decoding: lines(Array(payload.utf8)).joined(), as: UTF8.self)
    }

    @Test func splicesMetadataInFirstAndKeepsTheBytes() {
        #expect(line(#"{"a": 1, "b":"\u00fc"}"#) == Self.head + #","a": 1, "b":"\u00fc"}"# + "\n")
        #expect(line(#"{  "a":1 }"#) == Self.head + #",  "a":1 }"# + "\n")
    }

    @Test(arguments: [("{}", "}"), ("{ }", " }"), ("{\n}", "}"), (" {\t\r\n} ", "\t}")])
    func anEmptyObjectGetsNoComma(text: String, rest: String) {
        #expect(line(text) == Self.head + rest + "\n")
    }

    @Test func handsDownMembersBetweenMetadataAndEvent() {
        let batch = "{\"batch\":[{\"a\":1},{}],\"context\":{\"k\":\n1},\"sentAt\":\"x\"}"
        let down = #","context":{"k":1},"sentAt":"x""#
        #expect(line(batch) == Self.head + down + ",\"a\":1}\n" + Self.head + down + "}\n")
    }

    @Test func lineBreaksOutsideStringsGoAndEscapedOnesStay() {
        #expect(
            line("{\r\n  \"a\":\n\"x\\ny\"\r\n}\n") == Self.head + #",  "a":"x\ny"}"# + "\n"
        )
    }

    @Test func theSecondIsWrittenAnewWhenItChanges() {
        var splicer = EventSplicer(node: "c1", source: "s", run: "r")
        let event = Array("{}".utf8)
        for micros: Int64 in [0, 1, 999_999, 1_000_000, 59_999_999, 60_000_000, 5_000_000, 0] {
            let text = lines(event, receivedAt: micros, sequence: 1, with: &splicer)[0]
            #expect(
                String(decoding: text, as: UTF8.self).contains("\"\(Timestamp.text(micros))\"")
            )
        }
    }

    @Test(arguments: [
        0, 1, 9, 10, 99, 100, 9_999_999_999_999_999_999, 10_000_000_000_000_000_000, UInt64.max,
    ])
    func numbersOfAnySizeAreWritten(sequence: UInt64) throws {
        let text = lines(Array("{}".utf8), sequence: sequence)[0]
        #expect(String(decoding: text, as: UTF8.self).contains("\"seq\":\(sequence),"))
        var written = WrittenLine()
        var reader = WrittenLineReader()
        let isRead = text.dropLast().withUnsafeBytes { reader.read($0, into: &written) }
        #expect(isRead && written.sequence == sequence)
    }

    @Test func readsBackWhatWasSpliced() throws {
        let event =
            #"{"messageId":"m","channel":"w\u0065b","timestamp":"2025-11-22T11:00:00+01:00","x":{}}"#
        let text = Array(line(event).utf8.dropLast())
        var reader = WrittenLineReader()
        var written = WrittenLine()
        text.withUnsafeBytes { bytes in
            #expect(reader.read(bytes, into: &written))
            #expect(written.receivedAt == Self.receivedAt && written.sequence == 17)
            #expect(Array(written.node) == Array("c1".utf8))
            #expect(Array(written.source) == Array("s".utf8))
            #expect(Array(written.run) == Array("r".utf8))
            #expect(Array(written.id) == Array("m".utf8))
            #expect(Array(written.channel) == Array("web".utf8))
            #expect(written.eventTime == 1_763_805_600_000_000)
        }
    }

    @Test(arguments: [
        "", "{}", #"{"a":1}"#, "x", #"{"_touchpoint":{}}"#, #"{"_touchpoint":1}"#,
        #"{"_touchpoint":{"receivedAt":"2025-11-22T10:00:00.123456Z","node":"c1","source":"s","seq":,"run":"r"}}"#,
        #"{"_touchpoint":{"receivedAt":"2025-13-22T10:00:00.123456Z","node":"c1","source":"s","seq":1,"run":"r"}}"#,
        #"{"_touchpoint":{"receivedAt":"2025-11-22T10:00:00.123456Z","node":"c1","source":"s","seq":18446744073709551616,"run":"r"}}"#,
        #"{"_touchpoint":{"receivedAt":"2025-11-22T10:00:00.123456Z","node":"c1","source":"s","seq":1,"run":"r","time":"soon"}}"#,
        #"{"_touchpoint":{"receivedAt":"2025-11-22T10:00:00.123456Z","node":"c1","source":"s","seq":1,"run":"r","channel":"\u1234"}}"#,
        #"{"_touchpoint":{"receivedAt":"2025-11-22T10:00:00.123456Z","node":"c1","source":"s","seq":1,"run":"r" }}"#,
    ])
    func linesOfAnotherKindAreNotRead(text: String) {
        var reader = WrittenLineReader()
        var written = WrittenLine()
        #expect(!Array(text.utf8).withUnsafeBytes { reader.read($0, into: &written) })
    }

    @Test func everyTruncationOfALineIsRefused() {
        let text = Array(line(#"{"a":{"b":[1,"x"]}}"#).utf8.dropLast())
        var reader = WrittenLineReader()
        var written = WrittenLine()
        for count in 0..<text.count {
            #expect(!text[..<count].withUnsafeBytes { reader.read($0, into: &written) })
        }
    }

    private struct Quarantined: Decodable {
        var reason: String
        var detail: String
        var offset: Int
        var encoding: String?
        var payload: String

        var bytes: [UInt8]? {
            encoding == nil ? Array(payload.utf8) : Data(base64Encoded: payload).map { Array($0) }
        }
    }

    @Test func quarantineKeepsEveryByte() throws {
        let seed = UInt64.random(in: 1 ... .max)
        print("quarantine: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var reader = WrittenLineReader()
        var written = WrittenLine()
        var encodings: Set<String> = []
        for round in 0..<600 {
            // A leading "!" makes it invalid; without bytes above 127 it is stored as text.
            let highest: UInt8 = round % 2 == 0 ? 127 : 255
            let count = Int.random(in: 0...40, using: &generator)
            let junk = (0..<count).map { _ in UInt8.random(in: 0...highest, using: &generator) }
            let payload = Array("!".utf8) + junk.filter { $0 != 0x0A } + Array("!".utf8)
            let found = lines(payload)
            try #require(found.count == 1, "seed \(seed)")
            #expect(found[0].last == 0x0A && !found[0].dropLast().contains(0x0A))
            let record = try JSONDecoder().decode(Quarantined.self, from: Data(found[0]))
            #expect(record.bytes == payload, "seed \(seed)")
            encodings.insert(record.encoding ?? "text")
            let isRead = found[0].dropLast().withUnsafeBytes { reader.read($0, into: &written) }
            #expect(isRead && written.sequence == 17, "seed \(seed)")
        }
        #expect(encodings == ["text", "base64"])
    }

    @Test func quarantineSaysWhyAndWhere() throws {
        let found = lines(Array("{\"a\":1}\n{\"b\":tru}\n{\"c\":3}\n".utf8))
        let record = try JSONDecoder().decode(Quarantined.self, from: Data(found[1]))
        #expect(record.reason == "invalid_json" && record.payload == #"{"b":tru}"#)
        #expect(record.offset == 8)
        #expect(record.detail == "byte 13: a word that is none of true, false and null")
    }
}
