import Events
import FilingSupport
import Foundation
import Intake
import TestSupport
import Testing

/// Events have their identity, name and time where their request says.
@Suite struct PlacedEventTests {
    private typealias Writer = EventPlaces.Writer

    private static func note(
        _ flags: EventPlaces.Flags = .comesFirst,
        _ write: (inout Writer) -> Void
    ) -> [UInt8] {
        var writer = Writer(flags)
        write(&writer)
        return RequestNote.bytes(flags: [], form: .any, places: writer.bytes)
    }

    /// A note with one part of the identity for each list of paths.
    private static func identity(
        _ flags: EventPlaces.Flags = .comesFirst,
        _ parts: [[String]]...
    ) -> [UInt8] {
        note(flags) { writer in
            for part in parts {
                writer.beginPart()
                for path in part { writer.add(.identity, path: path) }
            }
        }
    }

    /// The metadata of the lines, from the run on.
    private func metadata(_ event: String, note: [UInt8]) throws -> String {
        let bench = try FilingBench()
        try bench.put(Array(event.utf8), note: note, source: 1)
        let line = try #require(try bench.lines().first)
        #expect(line.hasSuffix(event.dropFirst()))
        let rest = try #require(line.range(of: #""run":"r1","#))
        return String(line[rest.upperBound...].prefix { $0 != "}" })
    }

    @Test(arguments: [
        (#"{"a":"1"}"#, #""identity":"1","idAlone":true"#),
        (#"{"a":1.50}"#, #""identity":"1.50","idAlone":true"#),
        (#"{"a":"\u00fc\"\n\ud83d\ude00\/"}"#, #""identity":"ü\"\n😀/","idAlone":true"#),
        (#"{"b":{"x":0,"c":{"d":"deep"}}}"#, #""identity":"deep","idAlone":true"#),
        (#"{"a":"","b":{"c":{"d":"deep"}}}"#, #""identity":"deep","idAlone":true"#),
        (#"{"a":{},"b":[1]}"#, ""), (#"{"a":null}"#, ""), (#"{"a":true}"#, ""), (#"{}"#, ""),
        (#"{"c":{"a":"1"}}"#, ""),
    ])
    func anIdentityIsFound(event: String, written: String) throws {
        let note = Self.identity([.comesFirst, .identityIsEnough], [["a"], ["b", "c", "d"]])
        let found = try metadata(event, note: note)
        #expect(found == #""channel":"web""# + (written.isEmpty ? "" : "," + written))
    }

    @Test func severalPartsHaveTheirLengths() throws {
        let note = Self.identity(.comesFirst, [["sid"], ["call"]], [["state"]], [["n"]])
        let events = [
            #"{"sid":"SM1","state":"sent"}"#: "3:SM14:sent0:",
            #"{"call":"CA1","n":2}"#: "3:CA10:1:2",
            #"{"sid":"a","state":"bc"}"#: "1:a2:bc0:", #"{"sid":"ab","state":"c"}"#: "2:ab1:c0:",
        ]
        for (event, identity) in events {
            #expect(try metadata(event, note: note).hasSuffix(#""identity":"\#(identity)""#))
        }
        #expect(try !metadata(#"{"state":"sent"}"#, note: note).contains("identity"))
    }

    @Test func anIdentityThatIsTooLongIsNone() throws {
        let note = Self.identity(.comesFirst, [["a"]])
        for count in [1_024, 1_025] {
            let event = #"{"a":"\#(String(repeating: "x", count: count))"}"#
            #expect(try metadata(event, note: note).contains("identity") == (count == 1_024))
        }
        let two = Self.identity(.comesFirst, [["a"]], [["a"]])
        let event = #"{"a":"\#(String(repeating: "x", count: 600))"}"#
        #expect(try !metadata(event, note: two).contains("identity"))
    }

    @Test(arguments: [
        ("1700000000", "2023-11-14T22:13:20.000000Z"), ("0", "1970-01-01T00:00:00.000000Z"),
        ("1700000000.25", "2023-11-14T22:13:20.250000Z"),
        ("1700000000.1234567899", "2023-11-14T22:13:20.123456Z"),
        ("99999999999", "5138-11-16T09:46:39.000000Z"),
        ("100000000000", "1973-03-03T09:46:40.000000Z"),
        ("1700000000123.5", "2023-11-14T22:13:20.123500Z"),
        (#""1700000000123""#, "2023-11-14T22:13:20.123000Z"),
        (#""2026-11-22 10:00:00""#, "2026-11-22T10:00:00.000000Z"),
        ("1700000000123456", "2023-11-14T22:13:20.123456Z"), ("-1", ""), ("1e9", ""),
        (#""1.""#, "1970-01-01T00:00:01.000000Z"),
        (#"".5""#, ""), ("9999999999999999999", ""), (#""now""#, ""), (#""""#, ""),
    ])
    func aTimeIsATextOrANumber(time: String, written: String) throws {
        let note = Self.note { $0.add(.time, path: ["at"]) }
        let found = try metadata(#"{"at":\#(time)}"#, note: note)
        #expect(found == #""channel":"web""# + (written.isEmpty ? "" : #","time":"\#(written)""#))
    }

    @Test func aTimeThatCannotBeReadLeavesTheEventsOwn() throws {
        let note = Self.note { writer in
            writer.add(.time, path: ["at"])
            writer.add(.time, text: "1700000000")
        }
        let own = #"{"at":"x","timestamp":"2026-01-01T00:00:00Z"}"#
        #expect(try metadata(own, note: note).contains("2023-11-14T22:13:20"))
        let alone = Self.note { $0.add(.time, path: ["at"]) }
        #expect(try metadata(own, note: alone).contains("2026-01-01T00:00:00"))
    }

    @Test func aNameHasItsPrefix() throws {
        let note = Self.note { writer in
            writer.add(.namePrefix, text: "crm.")
            writer.add(.name, path: ["kind"])
        }
        #expect(try metadata(#"{"kind":"won"}"#, note: note).hasSuffix(#","name":"crm.won""#))
        #expect(try metadata(#"{"kind":7.5}"#, note: note).hasSuffix(#","name":"crm.7.5""#))
        #expect(try !metadata(#"{"event":"own"}"#, note: note).contains("name"))
        // What the event says anyway is not repeated.
        let same = Self.note { $0.add(.name, path: ["event"]) }
        #expect(try !metadata(#"{"event":"own"}"#, note: same).contains("name"))
    }

    private func duplicates(_ events: [String], note: [UInt8]) throws -> [Int] {
        let bench = try FilingBench()
        for event in events { try bench.put(Array(event.utf8), note: note, source: 1) }
        return bench.answers().map(\.duplicates)
    }

    @Test func anIdentityAloneOrWithItsContentMakesACopy() throws {
        let events = [
            #"{"id":"1","x":1}"#, #"{"id":"1","x":2}"#, #"{"id":"1","x":1}"#, #"{"id":"2"}"#,
            #"{"x":1}"#, #"{"x":1}"#,
        ]
        let path = [["id"]]
        let enough = Self.identity([.comesFirst, .identityIsEnough], path)
        #expect(try duplicates(events, note: enough) == [0, 1, 1, 0, 0, 0])
        #expect(try duplicates(events, note: Self.identity([], path)) == [0, 0, 1, 0, 0, 0])
    }

    @Test func whatAClientRenewsIsNoContent() throws {
        let events = [
            #"{"id":"1","stm":"1","x":1}"#, #"{"id":"1","x":1,"stm":"2"}"#, #"{"id":"1","x":1}"#,
            #"{"id":"1","stm":"1","x":2}"#, #"{"id":"1","sent_at":5,"x":2}"#,
        ]
        #expect(try duplicates(events, note: Self.identity([], [["id"]])) == [0, 1, 1, 0, 1])
    }

    @Test func aMessageIDCountsFirstUnlessThePlacesDo() throws {
        let events = [
            #"{"id":"1","messageId":"a"}"#, #"{"id":"1","messageId":"b"}"#,
            #"{"id":"2","messageId":"a"}"#, #"{"messageId":"c"}"#, #"{"messageId":"c"}"#,
        ]
        let first = Self.identity([.comesFirst, .identityIsEnough], [["id"]])
        #expect(try duplicates(events, note: first) == [0, 1, 0, 0, 1])
        let second = Self.identity(.identityIsEnough, [["id"]])
        #expect(try duplicates(events, note: second) == [0, 0, 0, 0, 1])
    }

    @Test func eventsOfOneRequestDoNotShareItsIdentity() throws {
        let note = Self.note([.comesFirst, .identityIsEnough]) { writer in
            writer.beginPart()
            writer.add(.identity, text: "msg")
        }
        let bench = try FilingBench()
        let array = "[" + (0..<40).map { #"{"n":\#($0)}"# }.joined(separator: ",") + "]"
        for _ in 0..<2 { try bench.put(Array(array.utf8), note: note, source: 1) }
        #expect(bench.answers().map(\.duplicates) == [0, 40])
        let lines = try bench.lines()
        #expect(lines.count == 40 && lines[0].contains(#""identity":"msg","idAlone""#))
        #expect(lines[39].contains(##""identity":"msg#39","idAlone""##))
    }

    @Test func messagesThatAreReadTogetherHaveTheirOwnPlaces() throws {
        let bench = try FilingBench()
        for at in 0..<6 {
            let note = Self.note([.comesFirst, .identityIsEnough]) { writer in
                writer.beginPart()
                writer.add(.identity, text: "m\(at % 3)")
            }
            let none = RequestNote.bytes(flags: [], form: .any)
            let event = Array(#"{"n":\#(at),"messageId":"m\#(at % 3)"}"#.utf8)
            bench.rig.add(event, source: 1, isAnswered: true, note: at == 5 ? none : note)
        }
        try bench.rig.take()
        #expect(bench.answers().map(\.duplicates) == [0, 0, 0, 1, 1, 1])
    }

    /// What recovery reads from a line is what the writer has looked up.
    @Test(arguments: [true, false])
    func aLineIsRecognisedAgain(isEnough: Bool) throws {
        let bench = try FilingBench()
        let flags: EventPlaces.Flags = isEnough ? [.comesFirst, .identityIsEnough] : .comesFirst
        let note = Self.identity(flags, [["id"]])
        let event = #"{"id":"a\"\u00fc", "stm":"1", "x":1}"#
        try bench.put(Array(event.utf8), note: note, source: 1)
        let line = Array(try #require(try bench.lines().first).utf8)
        var reader = WrittenLineReader()
        var written = WrittenLine()
        line.withUnsafeBytes { line in
            #expect(reader.read(line, into: &written))
            #expect(written.id.elementsEqual("a\"ü".utf8))
            #expect(written.isMessageID && written.isIDEnough == isEnough)
            let hash = ContentHash.random
            let other = Array(event.replacing(#""1""#, with: #""2""#).utf8)
            var view = EventView()
            other.withUnsafeBytes { other in
                view.bytes = other
                view.sentAtMember = RenewedMember.find(in: other)
                #expect(hash(written) == (isEnough ? 0 : hash(view)))
            }
        }
    }
}
