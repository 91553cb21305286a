import Foundation
import TestSupport
import Testing

@testable import Webhooks

@Suite struct JSONGrammarTests {
    private func isValue(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { JSONGrammar.isValue($0) }
    }

    private func member(_ name: String, of text: String) -> String? {
        Array(text.utf8).withUnsafeBytes { bytes in
            JSONGrammar.member(name, of: bytes).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test(arguments: [
        "1", "-0", "0.5", "1e9", "1E-9", "-1.25e+3", "true", "false", "null", "\"\"", " [ ] ", "{}",
        "\t{\"a\" : [1, {\"b\":\"\\u00e9\\n\"}]}\r\n", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"ä\u{7F}\"",
    ])
    func takesValues(text: String) { #expect(isValue(text)) }

    @Test(arguments: [
        "", " ", "01", "-", "+1", ".5", "1.", "1e", "1e+", "tru", "truex", "nul", "NaN", "'a'",
        "\"", "\"\\\"",
        "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "[", "[1", "[1,]", "[,1]", "[1 2]", "]",
        "{", "{a:1}",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1", "1 2", "1,2", "1,\"id\":\"x\"",
        "{}}", "[]]", "//",
        "{\"a\":1}{", "\u{0}", "1\u{0}",
    ])
    func refusesTheRest(text: String) { #expect(!isValue(text)) }

    @Test func hasABoundOfDepth() {
        let (open, close) = ("[", "]")
        let depth = JSONGrammar.depthMax
        #expect(
            isValue(String(repeating: open, count: depth) + String(repeating: close, count: depth))
        )
        #expect(
            !isValue(
                String(repeating: open, count: depth + 1)
                    + String(repeating: close, count: depth + 1)
            )
        )
        #expect(!isValue(String(repeating: "{\"a\":", count: 100_000)))
        #expect(!isValue(String(repeating: open, count: 1_000_000)))
    }

    @Test func findsMembers() {
        let text = #" {"a":{"b":[1, 2]}, "c":"x\"","d":7} "#
        #expect(member("a", of: text) == #"{"b":[1, 2]}"#)
        #expect(member("c", of: text) == #""x\"""#)
        #expect(member("d", of: text) == "7")
        for name in ["b", "e", "", "x"] { #expect(member(name, of: text) == nil) }
        #expect(member("a", of: #"{"a":1,"a":1}"#) == nil)
        #expect(member("a", of: #"{"a":1"#) == nil)
        #expect(member("a", of: #"{"a":1} x"#) == nil)
        #expect(member("a", of: #"["a"]"#) == nil)
    }

    @Test func plainTextHasNoEscapes() {
        func plain(_ text: String) -> String? {
            Array(text.utf8).withUnsafeBytes { bytes in
                JSONGrammar.plain(bytes).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        #expect(plain(#""ab""#) == "ab")
        #expect(plain("17") == "17")
        for text in [#""a\n""#, "-1", "1.5", "true", "[]", "{}"] { #expect(plain(text) == nil) }
    }

    /// It agrees with Foundation about texts that are nearly JSON.
    @Test(arguments: UInt64(1)...20) func agreesWithFoundation(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let whole = Array(#"{"a":[1,-2.5e3,"x\u0041"],"b":{"c":null,"d":[true,false]}}"#.utf8)
        let pieces = Array(#"{}[]",:0.eE+-\u"#.utf8)
        for _ in 0..<300 {
            var text = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text.remove(at: place)
                case 1:
                    text.insert(pieces[Int.random(in: 0..<pieces.count, using: &random)], at: place)
                default: text[place] = pieces[Int.random(in: 0..<pieces.count, using: &random)]
                }
            }
            let shown = String(decoding: text, as: UTF8.self)
            let isForFoundation = (try? decoded(text)) != nil
            if isValue(shown) {
                #expect(isForFoundation, "\(shown)")
            } else if isForFoundation {
                // Foundation takes a comma after the last element.
                #expect(shown.contains(",]") || shown.contains(",}"), "\(shown)")
            }
        }
    }
}
