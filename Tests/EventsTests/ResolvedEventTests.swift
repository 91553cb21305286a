import Events
import Foundation
import Platform
import Testing

/// The collector's findings about an event, as written to its line and as read back.
@Suite struct ResolvedEventTests {
    private static let head =
        #"{"_touchpoint":{"receivedAt":"2025-11-22T10:00:00.123456Z","node":"c1","source":"s","seq":17,"run":"r""#
    private static let receivedAt: Int64 = 1_763_805_600_123_456

    /// Returns the lines of a payload's events, written as the writer does.
    private func lines(
        _ payload: String,
        sourceChannel: String = "",
        isIDReused: Bool = false
    ) -> [String] {
        var splicer = EventSplicer(node: "c1", source: "s", run: "r")
        var reader = PayloadReader(limits: PayloadLimits())
        var view = EventView()
        var lines: [String] = []
        let channel = Array(sourceChannel.utf8)
        Array(payload.utf8).withUnsafeBytes { bytes in
            reader.begin(bytes)
            while reader.next(&view) {
                guard view.rejection == nil else { continue }
                channel.withUnsafeBytes { ofSource in
                    let resolved = ResolvedEvent(
                        channel: view.channel.isEmpty ? ofSource : view.channel,
                        time: Timestamp.parse(view.time),
                        isIDReused: isIDReused
                    )
                    let room = splicer.bytesMax(for: view, as: resolved)
                    let line = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                        guard let out = buffer.baseAddress else { return }
                        count = splicer.write(
                            view,
                            as: resolved,
                            receivedAt: Self.receivedAt,
                            sequence: 17,
                            to: out
                        )
                    }
                    #expect(line.count <= room && line.last == 0x0A)
                    lines.append(String(decoding: line.dropLast(), as: UTF8.self))
                }
            }
        }
        return lines
    }

    /// Returns the text between the run and `rest`, the end of the line.
    private func resolved(_ payload: String, _ rest: String) -> String {
        let line = lines(payload)[0]
        return line.hasPrefix(Self.head) && line.hasSuffix(rest)
            ? String(line.dropFirst(Self.head.count).dropLast(rest.count)) : line
    }

    @Test(arguments: [
        (#"{"event":"e","messageId":"m"}"#, ""),
        (#"{"channel":"web","event":"e"}"#, #","channel":"web""#),
        (#"{"context":{"channel":"app"},"event":"e"}"#, #","channel":"app""#),
        (#"{"channel":7,"event":"e"}"#, ""),
        (#"{"type":"track"}"#, #","name":"track""#),
        (#"{"type":"track","event":"Seen"}"#, ""),
        (#"{"type":"track","event":{}}"#, #","name":"track""#),
        (#"{"id":"7","type":"t"}"#, #","name":"t","id":"7""#),
        (#"{"id":"7","messageId":"8"}"#, ""),
        (
            #"{"channel":"c","time":"2025-11-22T09:00:00Z","type":"t","id":"i"}"#,
            #","channel":"c","time":"2025-11-22T09:00:00.000000Z","name":"t","id":"i""#
        ),
    ])
    func onlyWhatTheEventDoesNotSayItselfIsRepeated(payload: String, expected: String) {
        #expect(resolved(payload, "}," + payload.dropFirst()) == expected)
    }

    @Test(arguments: [
        ("2025-11-22T10:00:00Z", "2025-11-22T10:00:00.000000Z"),
        ("2025-11-22T10:00:00.1Z", "2025-11-22T10:00:00.100000Z"),
        ("2025-11-22T10:00:00.123Z", "2025-11-22T10:00:00.123000Z"),
        ("2025-11-22T10:00:00.123456Z", "2025-11-22T10:00:00.123456Z"),
        ("2025-11-22T10:00:00.1234567Z", "2025-11-22T10:00:00.123456Z"),
        ("2025-11-22T10:00:00,5Z", "2025-11-22T10:00:00.500000Z"),
        ("2025-11-22 10:00:00", "2025-11-22T10:00:00.000000Z"),
        ("2025-11-22t10:00:00z", "2025-11-22T10:00:00.000000Z"),
        ("2025-11-22T10:00:00.25+05:30", "2025-11-22T04:30:00.250000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2024-02-29T23:59:59.999999Z", "2024-02-29T23:59:59.999999Z"),
    ])
    func timesAreInUTCWithMicroseconds(time: String, expected: String) {
        let payload = #"{"event":"e","timestamp":"\#(time)"}"#
        #expect(resolved(payload, "}," + payload.dropFirst()) == #","time":"\#(expected)""#)
        // The time used for the folder and the time written are the same moment.
        #expect(Timestamp.parse(time) == Timestamp.parse(expected))
    }

    @Test(arguments: ["NOW", "2025-11-22", "1534109600.089", "", "2025-11-22T10:00:00.Z"])
    func aTimeThatCannotBeReadIsLeftOut(time: String) {
        let payload = #"{"event":"e","timestamp":"\#(time)"}"#
        #expect(resolved(payload, "}," + payload.dropFirst()) == "")
    }

    @Test func theSourcesChannelAndTheBatchsAreToldToo() {
        #expect(
            lines(#"{"event":"e"}"#, sourceChannel: "shop")
                == [Self.head + #","channel":"shop"},"event":"e"}"#]
        )
        #expect(
            lines(#"{"batch":[{"event":"e"},{"channel":"own"}],"channel":"down"}"#)
                == [
                    Self.head + #","channel":"down"},"event":"e"}"#,
                    Self.head + #","channel":"own"},"channel":"own"}"#,
                ]
        )
    }

    @Test func aReusedIDIsMarked() {
        #expect(
            lines(#"{"event":"e","messageId":"m"}"#, isIDReused: true)
                == [Self.head + #","idReused":true},"event":"e","messageId":"m"}"#]
        )
    }

    /// Texts of every length with a byte that must be escaped in every place, and other scripts.
    @Test func everyTextComesBackAsItWas() throws {
        var texts = ["ü", "日本語", "👩‍👩‍👧", "a\u{7f}b", "\u{2028}", "/", #"\"#, "\u{0}"]
        for count in 1...24 {
            for byte: UInt8 in [0x00, 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x1F, 0x22, 0x5C, 0x7F, 0x20] {
                for at in 0..<count {
                    var text = [UInt8](repeating: 0x61, count: count)
                    text[at] = byte
                    texts.append(String(decoding: text, as: UTF8.self))
                }
            }
        }
        var reader = WrittenLineReader()
        for text in texts {
            let payload = try JSONEncoder().encode(["channel": text, "type": text, "id": text])
            let line = lines(String(decoding: payload, as: UTF8.self))[0]
            struct Line: Decodable {
                struct Metadata: Decodable { var channel, name, id: String }
                var _touchpoint: Metadata
            }
            let metadata = try JSONDecoder().decode(Line.self, from: Data(line.utf8))._touchpoint
            #expect(metadata.channel == text && metadata.name == text && metadata.id == text)
            Array(line.utf8).withUnsafeBytes { bytes in
                var written = WrittenLine()
                #expect(reader.read(bytes, into: &written))
                #expect(written.channel.elementsEqual(text.utf8))
            }
        }
    }

    @Test func aTextBeyondItsBoundIsLeftOut() {
        let longest = String(repeating: "x", count: ResolvedEvent.textBytesMax)
        let fits = #"{"channel":"\#(longest)","event":"e"}"#
        #expect(resolved(fits, "}," + fits.dropFirst()) == #","channel":"\#(longest)""#)
        let tooLong = #"{"channel":"\#(longest)x","type":"\#(longest)x","id":"\#(longest)x"}"#
        #expect(resolved(tooLong, "}," + tooLong.dropFirst()) == "")
    }

    /// A short message must not become gigabytes of lines through a field of its envelope.
    @Test func aBatchsChannelCountsAmongWhatIsHandedDown() {
        let channel = String(repeating: "c", count: 100_000)
        let events = Array(repeating: "{}", count: 8).joined(separator: ",")
        let payload = Array(#"{"batch":[\#(events)],"channel":"\#(channel)"}"#.utf8)
        var reader = PayloadReader(limits: PayloadLimits())
        var view = EventView()
        var rejections: [Rejection?] = []
        payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            while reader.next(&view) { rejections.append(view.rejection) }
        }
        #expect(rejections == [nil] + Array(repeating: .tooLarge, count: 7))
    }

    @Test func readersTakeOldLinesNewOnesAndMembersTheyDoNotKnow() {
        var reader = WrittenLineReader()
        let event = #"},"channel":"own","timestamp":"2025-11-22T11:00:00Z"}"#
        for (metadata, channel, time) in [
            ("", "own", "2025-11-22T11:00:00Z"),
            (#","channel":"web""#, "web", "2025-11-22T11:00:00Z"),
            (#","channel":"","time":"2025-11-22T10:00:00.000000Z""#, "", "2025-11-22T10:00:00Z"),
            (
                #","peer":"tcp://[::1]:4","n":12,"idReused":true,"channel":"a\"\\b""#,
                #"a"\b"#, "2025-11-22T11:00:00Z"
            ),
        ] {
            Array((Self.head + metadata + event).utf8).withUnsafeBytes { bytes in
                var written = WrittenLine()
                #expect(reader.read(bytes, into: &written), "\(metadata)")
                #expect(written.channel.elementsEqual(channel.utf8), "\(metadata)")
                #expect(written.eventTime == Timestamp.parse(time), "\(metadata)")
                #expect(written.sequence == 17 && written.run.elementsEqual("r".utf8))
            }
        }
    }
}
