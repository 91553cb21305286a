import Foundation
import TestSupport
import Testing

@testable import Webhooks

@Suite struct BinaryCloudEventTests {
    private static let least = [
        ["ce-specversion", "1.0"], ["ce-id", "1"], ["ce-source", "/s"], ["ce-type", "t"],
    ]

    private func json(
        _ more: [[String]] = [],
        type: String? = nil,
        body: [UInt8] = []
    ) throws -> String {
        let types = type.map { [["Content-Type", $0]] } ?? []
        let headers = HeaderLines(Self.least + more + types)
        let json = try body.withUnsafeBytes { try BinaryCloudEvent.json(headers, body: $0) }
        return String(decoding: json, as: UTF8.self)
    }

    @Test(arguments: Vectors.all.cloudEvents) func keepsWhatThePackageSent(
        event: Vectors.Event
    ) throws {
        let headers = HeaderLines(event.headers)
        #expect(try CloudEventMode(headers) == .binary)
        let json = try event.body.withUnsafeBytes { try BinaryCloudEvent.json(headers, body: $0) }
        var object = try #require(try decoded(json) as? [String: Any])
        let type = event.attributes["datacontenttype"] ?? "application/json"
        if type.contains("json") {
            let data = object.removeValue(forKey: "data")
            let sent = try decoded(Array(event.body))
            #expect(data as? NSObject == sent as? NSObject && data != nil)
        } else {
            let text = object.removeValue(forKey: "data_base64") as? String
            #expect(text.flatMap { Data(base64Encoded: $0) } == event.body)
        }
        #expect(object as? [String: String] == event.attributes)
    }

    @Test func writesFieldsInTheirOrder() throws {
        #expect(
            try json([["CE-Subject", "a"]])
                == #"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a"}"#
        )
    }

    @Test(arguments: [
        (
            "application/json", "{\"a\": 1}",
            #","datacontenttype":"application/json","data":{"a": 1}}"#
        ),
        ("text/json", "[]", #","datacontenttype":"text/json","data":[]}"#),
        ("application/x+json", "1", #","datacontenttype":"application/x+json","data":1}"#),
        (nil, "\"x\"", #","data":"x"}"#), (nil, "x", #","data_base64":"eA=="}"#),
        ("text/plain", "1", #","datacontenttype":"text/plain","data_base64":"MQ=="}"#),
        ("application/json", "", #","datacontenttype":"application/json"}"#), (nil, "", "}"),
    ])
    func choosesTheMemberForData(type: String?, body: String, end: String) throws {
        let start = #"{"specversion":"1.0","id":"1","source":"/s","type":"t""#
        #expect(try json(type: type, body: Array(body.utf8)) == start + end)
    }

    /// A body cannot add members to the event.
    @Test(arguments: [#"1,"id":"2""#, "{}}", "{", "1 2", #"1}{"a":1"#])
    func refusesDataThatIsNotOneValue(body: String) throws {
        #expect(throws: CloudEventFault.data) {
            try json(type: "application/json", body: Array(body.utf8))
        }
        #expect(try json(body: Array(body.utf8)).contains("data_base64"))
    }

    @Test(arguments: [
        ("%C3%A4", "ä"), ("%c3%A4%20%25", "ä %"), ("100%", "100%"), ("a+b", "a+b"), ("ä", "ä"),
        ("%2541", "%41"), ("\"a b\"", "a b"), (#""a\"\\b""#, #"a"\b"#), ("\"", "\""),
        ("%C0%A0", "\u{FFFD}\u{FFFD}"),
        ("%22,%22", #"",""#), ("%00", "\u{0}"),
    ])
    func decodesFieldsOnce(value: String, expected: String) throws {
        let object =
            try decoded(Array(try json([["ce-subject", value]]).utf8)) as? [String: String]
        #expect(object?["subject"] == expected)
    }

    @Test func takesLatin1() throws {
        let lines = Self.least.map { (name: $0[0], value: Array($0[1].utf8)) }
        let latin = lines + [(name: "ce-city", value: [0x4B, 0xF6, 0x6C, 0x6E])]
        let json = try [UInt8]().withUnsafeBytes {
            try BinaryCloudEvent.json(HeaderLines(latin), body: $0)
        }
        #expect((try decoded(json) as? [String: String])?["city"] == "Köln")
    }

    @Test(arguments: ["ce-specversion", "ce-id", "ce-source", "ce-type"])
    func needsFourFields(name: String) {
        let rest = Self.least.filter { $0[0] != name }
        let fault = CloudEventFault.missing(String(name.dropFirst(3)))
        for headers in [rest, rest + [[name, ""]]] {
            #expect(throws: fault) {
                try [UInt8]().withUnsafeBytes {
                    try BinaryCloudEvent.json(HeaderLines(headers), body: $0)
                }
            }
        }
    }

    @Test func refusesAmbiguousFields() {
        #expect(throws: CloudEventFault.twice("id")) { try json([["CE-ID", "2"]]) }
        for name in ["data", "data_base64", "datacontenttype", "a-b", "", "ä"] {
            #expect(throws: CloudEventFault.badName(name)) { try json([["ce-\(name)", "x"]]) }
        }
        #expect(throws: CloudEventFault.format) {
            try json([["content-type", "text/plain"]], type: "application/json")
        }
    }

    /// Whatever fields and bodies are, the output is one bounded object.
    @Test(arguments: UInt64(1)...40) func anyBytesBecomeOneBoundedObject(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let likely = Array("%C3%A4\"\\,:{}[]1ae".utf8)
        func bytes(_ most: Int) -> [UInt8] {
            (0..<Int.random(in: 0...most, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: .min ... .max, using: &random)
                    : likely[Int.random(in: 0..<likely.count, using: &random)]
            }
        }
        for _ in 0..<50 {
            let lines = Self.least.map { (name: $0[0], value: Array($0[1].utf8)) }
            let (subject, body) = (bytes(40), bytes(40))
            let headers = HeaderLines(lines + [(name: "ce-subject", value: subject)])
            let json = try body.withUnsafeBytes { try BinaryCloudEvent.json(headers, body: $0) }
            #expect(json.count <= 150 + 6 * subject.count + 2 * body.count)
            let isText = String(validating: body, as: UTF8.self) != nil
            if isText || !json.withUnsafeBytes({ JSONGrammar.member("data", of: $0) != nil }) {
                #expect((try decoded(json) as? [String: Any])?["id"] as? String == "1")
            }
        }
    }
}
