import Events
import Foundation
import TestSupport
import Testing

/// Texts that are known to break software.
@Suite struct TextCorpusTests {
    private static let naughty = [
        "", "undef", "null", "\\", "\\\\", "\u{0}", "\u{1}\u{2}\u{1f}\u{7f}",
        "\u{85}\u{2028}\u{2029}",
        "\u{feff}", "\u{202e}right to left", "田中さん", "😍👩🏽‍🦰", "e\u{301}\u{301}\u{301}", "ﷺ",
        "\"; DROP TABLE events; --", "${jndi:ldap://x}", "<script>alert(1)</script>",
        "../../etc/passwd",
        "\u{fffe}\u{ffff}", "\u{10ffff}", String(repeating: "a", count: 70_000), "line\nbreak\r\n",
    ]

    private func naughtyStrings() throws -> [[UInt8]] {
        let builtIn = Self.naughty.map { Array($0.utf8) }
        guard let file = TestCorpus.file("bad/blns/blns.json") else { return builtIn }
        let list = try JSONDecoder().decode([String].self, from: Data(file))
        print("testing \(list.count) naughty strings")
        return builtIn + list.map { Array($0.utf8) }
    }

    private func quoted(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x22]
        for byte in text {
            switch byte {
            case 0x22, 0x5C: out += [0x5C, byte]
            case 0..<0x20:
                out += Array("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
            default: out.append(byte)
            }
        }
        return out + [0x22]
    }

    @Test func acceptsEveryNaughtyStringAndKeepsItsBytes() throws {
        let strings = try naughtyStrings()
        for text in strings {
            let event =
                Array(#"{"v":"#.utf8) + quoted(text) + Array(#","channel":"#.utf8) + quoted(text)
                + Array("}".utf8)
            let found = pieces(event)
            let piece = try #require(found.first)
            #expect(found.count == 1 && piece.isEvent && piece.text == event)
            #expect(Array(piece.channel.utf8) == text)
        }
    }

    @Test func partitionValuesOfNaughtyStringsAreSafeNames() throws {
        for text in try naughtyStrings() {
            let name = text.withUnsafeBytes { HiveValue.escape($0) }
            #expect(!name.isEmpty && !name.contains("/") && !name.hasPrefix("."))
            #expect(name.utf8.count <= HiveValue.bytesMax + 17)
        }
    }

    /// Markus Kuhn's decoder stress test: lines with malformed sequences are refused, the others
    /// accepted, in agreement with Swift's own strict decoder.
    @Test func refusesExactlyTheLinesThatAreNotUTF8() {
        let builtIn: [[UInt8]] = [
            [0xC3, 0xA4], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xBF],
            [0xFE], [0xFF], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xF8, 0x88, 0x80, 0x80, 0x80],
            [0xEF, 0xBF, 0xBF], [0xE2, 0x82, 0xAC],
        ]
        let file = TestCorpus.file("bad/utf8/UTF-8-test.txt")
        let lines = (file ?? []).split(separator: 0x0A).map(Array.init)
        var refused = 0
        for line in builtIn + lines {
            let event = Array(#"{"v":"#.utf8) + quoted(line) + Array("}".utf8)
            let found = pieces(event)
            let isValid = String(validating: line, as: UTF8.self) != nil
            if !isValid { refused += 1 }
            #expect(found.map(\.rejection) == [isValid ? nil : .invalidUTF8])
            #expect(found.map(\.text) == [event])
        }
        #expect(refused >= 12)
    }
}
