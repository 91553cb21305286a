import Events
import Foundation
import TestSupport
import Testing

@Suite struct HiveValueTests {
    @Test(arguments: [
        ("web", "web"), ("a.b_c-D9", "a.b_c-D9"), ("", "__HIVE_DEFAULT_PARTITION__"), (".", "%2E"),
        ("..", "%2E."), (".hidden", "%2Ehidden"), ("a/b", "a%2Fb"), ("a=b", "a%3Db"), ("%", "%25"),
        (" ", "%20"), ("ü", "%C3%BC"), ("\u{0}", "%00"), ("\\", "%5C"),
    ])
    func escapes(value: String, expected: String) {
        #expect(HiveValue.escape(value) == expected)
    }

    @Test func everyValueIsASafeNameAndShortOnesComeBack() throws {
        let seed = UInt64.random(in: 1 ... .max)
        print("hive values: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-%".utf8)
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...90, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let name = bytes.withUnsafeBytes { HiveValue.escape($0) }
            #expect(!name.isEmpty && name != "." && name != ".." && !name.hasPrefix("."))
            #expect(name.utf8.allSatisfy(safe.contains) && name.utf8.count <= 81, "seed \(seed)")
            if bytes.isEmpty { continue }
            let width = bytes.withUnsafeBytes { bytes in
                bytes.enumerated().reduce(0) { sum, next in
                    let isPlain = safe.contains(next.element) && next.element != UInt8(ascii: "%")
                    let isLeadingDot = next.offset == 0 && next.element == UInt8(ascii: ".")
                    return sum + (isPlain && !isLeadingDot ? 1 : 3)
                }
            }
            if width <= HiveValue.bytesMax { #expect(decoded(name) == bytes, "seed \(seed)") }
        }
    }

    private func decoded(_ name: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let first = rest.popFirst() {
            if first == UInt8(ascii: "%") {
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(first)
            }
        }
        return bytes
    }

    @Test func longValuesAreCutAndStayDifferent() {
        let long = String(repeating: "x", count: 1_000)
        let one = HiveValue.escape(long + "1")
        let two = HiveValue.escape(long + "2")
        #expect(one != two && one.utf8.count == 64 + 17 && one.hasPrefix("xxxx"))
        #expect(HiveValue.escape(String(repeating: "x", count: 64)).utf8.count == 64)
        // An escape is never cut in two.
        let wide = HiveValue.escape(String(repeating: "ü", count: 100))
        #expect(wide.hasPrefix(String(repeating: "%C3%BC", count: 10) + "%C3-"))
    }

    @Test func hashesAsFNV1aDoes() {
        // Test vectors of RFC 9923.
        #expect(Array("".utf8).withUnsafeBytes { HiveValue.hash($0) } == 0xcbf2_9ce4_8422_2325)
        #expect(Array("a".utf8).withUnsafeBytes { HiveValue.hash($0) } == 0xaf63_dc4c_8601_ec8c)
        #expect(Array("foobar".utf8).withUnsafeBytes { HiveValue.hash($0) } == 0x8594_4171_f739_67e8)
    }
}
