import Compression
import Events
import FilingSupport
import Foundation
import Intake
import TestSupport
import Testing

/// Admits the key `good` of pages of `https://a`, and of no page.
private final class Doorman: RequestGate {
    func admit(key: UnsafeRawBufferPointer?, origin: UnsafeRawBufferPointer) -> GateVerdict {
        guard let key, key.elementsEqual("good".utf8) else {
            return .refused(reason: "unauthorized")
        }
        let page = String(decoding: origin, as: UTF8.self)
        return page.isEmpty || page == "https://a"
            ? .admitted(name: "shop", channel: "shelf") : .refused(reason: "origin")
    }

    func isKey(_ text: UnsafeRawBufferPointer) -> Bool { text.elementsEqual("good".utf8) }

    func cover(_ text: UnsafeMutableRawBufferPointer) -> Bool {
        var isFound = false
        for at in 0..<max(0, text.count - 3) where text[at..<(at + 4)].elementsEqual("good".utf8) {
            for place in at..<(at + 4) { text[place] = UInt8(ascii: "*") }
            isFound = true
        }
        return isFound
    }
}

/// What a source notes of its requests is applied to their events.
@Suite struct NoteTests {
    private static let hiding = RequestNote.bytes(flags: .hidesKeys, form: .any)

    private static func needing(
        _ form: RequestNote.Form = .any,
        origin: String = "",
        metadata: String = #""http":{"ip":"1.2.3.0"}"#
    ) -> [UInt8] {
        RequestNote.bytes(
            flags: [.needsKey, .namesKey, .hidesKeys],
            form: form,
            origin: origin,
            metadata: metadata
        )
    }

    /// The text of the only line after the collector's own metadata.
    private func line(_ bench: FilingBench) throws -> String {
        let lines = try bench.lines()
        #expect(lines.count == 1)
        return lines.first ?? ""
    }

    @Test(arguments: [
        (#"{"a":1}"#, #""type":"track","a":1}"#),
        (#"{}"#, #""type":"track"}"#),
        (#"{ }"#, #""type":"track"}"#),
        (#"{"type":"page"}"#, #""type":"page"}"#),
        (#"{"a":{"type":1}}"#, #""type":"track","a":{"type":1}}"#),
        (#"{"event":"type"}"#, #""type":"track","event":"type"}"#),
    ])
    func anEventGetsTheTypeThatItLacks(event: String, written: String) throws {
        let bench = try FilingBench()
        try bench.put(Array(event.utf8), note: RequestNote.bytes(flags: [], form: .track))
        #expect(try line(bench).hasSuffix("," + written))
    }

    @Test(arguments: [
        (#"{"writeKey":"k","a":1}"#, #"{"a":1}"#),
        (#"{"a":1,"writeKey":"k"}"#, #"{"a":1}"#),
        (#"{"a":1,"writeKey":"k","b":2}"#, #"{"a":1,"b":2}"#),
        (#"{"writeKey":"k"}"#, #"{}"#),
        (#"{"writeKey":"k" , "writeKey":"l" , "a":1 }"#, #"{  "a":1 }"#),
        (#"{"a":{"writeKey":"k"}}"#, #"{"a":{"writeKey":"k"}}"#),
        (#"{"a":"\"writeKey\":1","b":2}"#, #"{"a":"\"writeKey\":1","b":2}"#),
        (#"{"a":1, "writeKey":"k"}"#, #"{"a":1}"#),
        (#"{"a":1 , "writeKey":"k" }"#, #"{"a":1 }"#),
    ])
    func aKeyIsLeftOut(event: String, written: String) throws {
        let bench = try FilingBench()
        try bench.put(Array(event.utf8), note: Self.hiding)
        let text = try line(bench)
        let end = try #require(text.range(of: "}"))
        #expect("{" + text[end.upperBound...].drop { $0 == "," } == written)
        #expect(!text.contains(#""writeKey":"k""#) || written.contains("{\"writeKey"))
    }

    @Test(arguments: [
        (#"{"api_key":"good","a":1}"#, #"{"a":1}"#), (#"{"a":1,"token":"good"}"#, #"{"a":1}"#),
        (#"{"api_key":"other","token":7}"#, #"{"api_key":"other","token":7}"#),
        (#"{"properties":{"token":"good"}}"#, #"{"properties":{}}"#),
        (#"{"properties":{"token":"good","a":1}}"#, #"{"properties":{"a":1}}"#),
        (#"{"properties":{"a":1,"token":"good"},"b":2}"#, #"{"properties":{"a":1},"b":2}"#),
        (#"{"properties":{"a":1,"token":"good","b":2}}"#, #"{"properties":{"a":1,"b":2}}"#),
        (#"{"properties":{"token":"good","token":"good"}}"#, #"{"properties":{}}"#),
        (
            #"{"properties":{"a":1,"token":"good","api_key":"good"},"token":"good"}"#,
            #"{"properties":{"a":1}}"#
        ),
        (#"{"token":"good","properties":{"token":"x"}}"#, #"{"properties":{"token":"x"}}"#),
    ])
    func aKeyOfPostHogIsLeftOut(event: String, written: String) throws {
        let bench = try FilingBench(gate: Doorman())
        let note = RequestNote.bytes(flags: .hidesKeys, form: .posthog)
        try bench.put(Array(event.utf8), note: note)
        #expect(try line(bench).hasSuffix("}," + written.dropFirst()))
    }

    @Test(arguments: [
        (#"{"api_key":"good"}"#, RequestNote.Form.posthog),
        (#"[{"properties":{"token":"good"}}]"#, .posthog),
        (#"{"batch":[{"properties":{"token":"good"}}]}"#, .posthog),
        (#"{"batch":[{"token":"good"}]}"#, .posthog),
        (#"{"aid":"good"}"#, .snowplow), (#"{"schema":"s","data":[{"aid":"good"}]}"#, .snowplow),
    ])
    func aTrackersKeyIsFound(payload: String, form: RequestNote.Form) throws {
        let bench = try FilingBench(gate: Doorman())
        let flags: RequestNote.Flags = form == .snowplow ? [.needsKey, .isEnvelope] : .needsKey
        try bench.put(Array(payload.utf8), note: RequestNote.bytes(flags: flags, form: form))
        #expect(bench.answers() == [Answer(.committed, events: 1)])
        let other = try FilingBench(gate: Doorman())
        try other.put(Array(payload.utf8), note: RequestNote.bytes(flags: flags, form: .any))
        let isPlain = payload.hasPrefix(#"{"api_key"#)
        #expect(
            other.answers() == [isPlain ? Answer(.committed, events: 1) : .rejected("unauthorized")]
        )
    }

    @Test func keysAreLeftOutOfTheEventsOfABatch() throws {
        let bench = try FilingBench()
        let batch = #"{"writeKey":"k","batch":[{"writeKey":"k","a":1},{"b":2,"writeKey":"k"}]}"#
        try bench.put(Array(batch.utf8), note: Self.hiding)
        #expect(try bench.lines().joined().contains("writeKey") == false)
    }

    @Test func metadataIsWrittenBehindTheCollectorsOwn() throws {
        let bench = try FilingBench()
        let note = RequestNote.bytes(
            flags: [],
            form: .any,
            channel: "shelf",
            metadata: #""http":{"key":"s","path":"/v1/t"}"#
        )
        try bench.put(Array(#"{"a":1}"#.utf8), note: note)
        // What a message of another kind of source has is its own.
        try bench.put(#"{"b":2}"#)
        let lines = try bench.lines()
        #expect(lines.count == 2)
        for line in lines {
            let isNoted = line.hasSuffix(#"},"a":1}"#)
            #expect(line.contains(#""http":{"key":"s","path":"/v1/t"}}"#) == isNoted)
            #expect(line.contains(#""channel":"shelf""#) == isNoted)
            var reader = WrittenLineReader()
            var written = WrittenLine()
            let isRead = Array(line.utf8).withUnsafeBytes { reader.read($0, into: &written) }
            #expect(isRead)
        }
    }

    @Test func notesOfMessagesThatAreReadTogetherStayApart() throws {
        let bench = try FilingBench()
        for at in 0..<5 {
            let note = RequestNote.bytes(
                flags: .hidesKeys,
                form: .track,
                metadata: #""http":{"key":"k\#(at)"}"#
            )
            let event = Array(#"{"writeKey":"x","n":\#(at)}"#.utf8)
            bench.rig.add(event, isAnswered: true, note: note)
        }
        try bench.rig.take()
        let lines = try bench.lines()
        for at in 0..<5 {
            let tail = #""http":{"key":"k\#(at)"}},"type":"track","n":\#(at)}"#
            #expect(lines.contains { $0.hasSuffix(tail) }, "\(at)")
        }
    }

    @Test func aCopyIsRecognisedByWhatIsWritten() throws {
        let bench = try FilingBench()
        let note = RequestNote.bytes(flags: .hidesKeys, form: .track)
        let events = [
            #"{"writeKey":"k","messageId":"1","sentAt":"a","x":1}"#,
            #"{"messageId":"1","writeKey":"l","sentAt":"b","x":1}"#,
            #"{"type":"track","messageId":"1","x":1}"#,
        ]
        for event in events { try bench.put(Array(event.utf8), note: note, source: 1) }
        #expect(bench.answers().map(\.duplicates) == [0, 1, 1])
        let line = try line(bench)
        #expect(!line.contains("idReused"))
    }

    @Test(arguments: [
        #"{"writeKey":"good","a":1}"#, #"{"batch":[{"a":1}],"writeKey":"good"}"#,
        #"[{"writeKey":"good","a":1}]"#, #"{"token":"bad","writeKey":"good","a":1}"#,
    ])
    func aKeyInThePayloadIsChecked(payload: String) throws {
        for isZipped in [false, true] {
            let bench = try FilingBench(gate: Doorman())
            let bytes = isZipped ? try gzipped(payload) : Array(payload.utf8)
            try bench.put(bytes, note: Self.needing(origin: "https://a"))
            #expect(bench.answers() == [Answer(.committed, events: 1)])
            let line = try line(bench)
            #expect(line.contains(#""http":{"key":"shop","ip":"1.2.3.0"}}"#))
            #expect(line.contains(#""channel":"shelf""#))
        }
    }

    @Test(arguments: [
        (#"{"writeKey":"bad","a":1}"#, "", "unauthorized"),
        (#"{"a":1}"#, "", "unauthorized"),
        (#"{"writeKey":7,"a":1}"#, "", "unauthorized"),
        (#"{"a":{"writeKey":"good"}}"#, "", "unauthorized"),
        (#"{"writeKey":"good"}"#, "https://b", "origin"),
        (#"{"a":"#, "", "invalid_json"),
    ])
    func nothingIsKeptWithoutAKnownKey(payload: String, origin: String, reason: String) throws {
        let bench = try FilingBench(gate: Doorman())
        try bench.put(Array(payload.utf8), note: Self.needing(origin: origin))
        #expect(bench.answers() == [.rejected(reason)])
        #expect(try bench.lines().isEmpty)
        #expect(try bench.lines("quarantine").isEmpty)
    }

    @Test func aKeyIsNamedAloneWhereNothingElseIsNoted() throws {
        let bench = try FilingBench(gate: Doorman())
        try bench.put(Array(#"{"writeKey":"good"}"#.utf8), note: Self.needing(metadata: ""))
        #expect(try line(bench).contains(#""http":{"key":"shop"}}"#))
    }

    @Test(arguments: [#"{"batch":[]}"#, #"{"sentAt":"x","batch": [ ] }"#])
    func anEmptyBatchHasNoEvent(payload: String) throws {
        let bench = try FilingBench()
        try bench.put(Array(payload.utf8), note: RequestNote.bytes(flags: [], form: .batch))
        #expect(bench.answers() == [Answer(.committed, events: 0)])
        #expect(try bench.lines().isEmpty)
    }

    @Test func aZlibStreamIsInflatedIfItIsNoted() throws {
        let python = #"import sys,zlib;sys.stdout.buffer.write(zlib.compress(b'{"a":1}'))"#
        let stream = try runProgram("/usr/bin/python3", ["-c", python]).standardOutput
        let bench = try FilingBench()
        try bench.put(Array(stream), note: RequestNote.bytes(flags: .isDeflated, form: .any))
        try bench.put(Array(stream), note: RequestNote.bytes(flags: [], form: .any))
        #expect(bench.answers().map(\.events) == [1, 0])
        #expect(try line(bench).hasSuffix(#","a":1}"#))
    }

    private func gzipped(_ text: String) throws -> [UInt8] {
        let python = "import sys,gzip;sys.stdout.buffer.write(gzip.compress(sys.argv[1].encode()))"
        return Array(try runProgram("/usr/bin/python3", ["-c", python, text]).standardOutput)
    }
}
