import Foundation
import TestSupport
import Testing

@testable import Webhooks

@Suite struct FormObjectTests {
    private func json(_ text: String, nesting: Bool = true, without: [String] = []) throws -> String
    {
        let form = try FormFields(Array(text.utf8))
        let json = FormObject.json(form, nesting: nesting, without: without)
        return String(decoding: json, as: UTF8.self)
    }

    @Test(arguments: [
        ("", "{}"), ("a=1", #"{"a":"1"}"#), ("a", #"{"a":""}"#), ("=1", #"{"":"1"}"#),
        ("b=1&a=2&b=3", #"{"b":["1","3"],"a":"2"}"#),
        (
            "properties.subject=x&properties.a.b=1&type=y",
            #"{"properties":{"subject":"x","a":{"b":"1"}},"type":"y"}"#
        ),
        ("a=1&a.b=2", #"{"a":{"b":"2","":"1"}}"#), ("a.b=2&a=1", #"{"a":{"b":"2","":"1"}}"#),
        ("a.=0&a=1&a.b=2", #"{"a":{"":["1","0"],"b":"2"}}"#),
        ("a=1&a..b=2", #"{"a":{"":{"b":"2","":"1"}}}"#), (".=1", #"{"":{"":"1"}}"#),
        ("a.b.c.d.e.f.g.h.i.j=1", #"{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h.i.j":"1"}}}}}}}}"#),
        ("a=%22%5C%00%1f%7F", #"{"a":"\"\\\u0000\u001f"# + "\u{7F}\"}"),
        ("a=%FF%FE&%FF=%C3", "{\"a\":\"\u{FFFD}\u{FFFD}\",\"\u{FFFD}\":\"\u{FFFD}\"}"),
        ("%FF=1&%FE=2", "{\"\u{FFFD}\":[\"1\",\"2\"]}"),
        ("%C3%A9=1&e%CC%81=2", "{\"\u{E9}\":\"1\",\"e\u{301}\":\"2\"}"),
        ("%22,%22x%22:%22=1", #"{"\",\"x\":\"":"1"}"#),
    ])
    func nestsAndEscapes(text: String, expected: String) throws {
        #expect(Array(try json(text).utf8) == Array(expected.utf8))
    }

    @Test func keepsDotsIfAsked() throws {
        #expect(try json("a.b=1&a=2", nesting: false) == #"{"a.b":"1","a":"2"}"#)
    }

    @Test func leavesOutKeys() throws {
        let text = "writeKey=k&a=1&%77riteKey=k&writeKey.x=2"
        #expect(
            try json(text, without: ["writeKey", "token"]) == #"{"a":"1","writeKey":{"x":"2"}}"#
        )
    }

    /// Whatever the bytes are, the output is one object, bounded, with as many values as fields.
    @Test(arguments: UInt64(1)...60) func anyBytesBecomeOneBoundedObject(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let likely = Array("abc..==&&%%+10fF\"\\{}[]\u{1}".utf8)
        for _ in 0..<100 {
            let count = Int.random(in: 0...120, using: &random)
            let bytes = (0..<count).map { _ in
                Int.random(in: 0..<6, using: &random) == 0
                    ? UInt8.random(in: .min ... .max, using: &random)
                    : likely[Int.random(in: 0..<likely.count, using: &random)]
            }
            let form = try FormFields(bytes)
            for nesting in [true, false] {
                let json = FormObject.json(form, nesting: nesting)
                #expect(json.count <= 6 * bytes.count + 16, "\(bytes)")
                let object = try decoded(json)
                #expect(object is [String: Any], "\(bytes)")
                #expect(Self.texts(in: object) == form.count, "\(bytes)")
                #expect(json.withUnsafeBytes { JSONGrammar.isValue($0) }, "\(bytes)")
            }
        }
    }

    /// The worst texts for the bound.
    @Test(arguments: [
        "a&", ".&", ".", "=&", "a.b&", "\u{1}", "\u{1}&", "........&", "%01", "a=1&a.b&",
    ])
    func isBoundedForTheWorst(unit: String) throws {
        for count in [1, 2, 7, 300] {
            let text = Array(String(repeating: unit, count: count).utf8)
            let json = FormObject.json(try FormFields(text), nesting: true)
            #expect(json.count <= 6 * text.count + 16, "\(count)")
        }
    }

    private static func texts(in value: Any) -> Int {
        if value is String { return 1 }
        if let array = value as? [Any] { return array.reduce(0) { $0 + texts(in: $1) } }
        let object = value as? [String: Any] ?? [:]
        return object.values.reduce(0) { $0 + texts(in: $1) }
    }
}
