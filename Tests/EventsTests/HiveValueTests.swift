import Events
import Foundation
import TestSupport
import Testing

@Suite struct HiveValueTests {
    /// The characters that Hive's FileUtils and Spark's ExternalCatalogUtils escape on Linux.
    private static let escapedByHive = Set((1...0x1F).map(UInt8.init) + [0x7F])
        .union(Array("\"#%'*/:=?\\{[]^".utf8))

    @Test(arguments: [
        ("web", "web"), ("a.b_c-D9", "a.b_c-D9"), ("", "__HIVE_DEFAULT_PARTITION__"), (".", "%2E"),
        ("..", "%2E."), (".hidden", "%2Ehidden"), ("a/b", "a%2Fb"), ("a=b", "a%3Db"), ("%", "%25"),
        (" ", " "), ("a b+c&d", "a b+c&d"), ("ü", "ü"), ("\u{0}", "%00"), ("\\", "%5C"),
        ("a\nb", "a%0Ab"), ("}", "}"), ("[x]{y}", "%5Bx%5D%7By}"), ("café/日本", "café%2F日本"),
        ("__HIVE_DEFAULT_PARTITION__", "%5F_HIVE_DEFAULT_PARTITION__"),
        ("__HIVE_DEFAULT_PARTITION__x", "__HIVE_DEFAULT_PARTITION__x"), ("e\u{301}", "e\u{301}"),
    ])
    func escapes(value: String, expected: String) {
        #expect(HiveValue.escape(value).utf8.elementsEqual(expected.utf8))
    }

    @Test func escapesTheCharactersThatHiveEscapes() {
        for byte in UInt8(1)...0x7F where byte != UInt8(ascii: ".") {
            let value = [UInt8(ascii: "x"), byte]
            let name = value.withUnsafeBytes { HiveValue.escape($0) }
            let isEscaped = Self.escapedByHive.contains(byte)
            let expected =
                isEscaped
                ? "x%" + String(format: "%02X", byte) : String(decoding: value, as: UTF8.self)
            #expect(name == expected, "byte \(byte)")
        }
    }

    @Test func everyValueIsASafeNameAndShortOnesComeBack() throws {
        let seed = UInt64.random(in: 1 ... .max)
        print("hive values: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<5_000 {
            let count = Int.random(in: 0...90, using: &generator)
            let bytes =
                round % 2 == 0
                ? (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                : Array(text(count / 3, &generator).utf8)
            let name = bytes.withUnsafeBytes { HiveValue.escape($0) }
            #expect(!name.isEmpty && name != "." && name != ".." && name.utf8.first != 0x2E)
            #expect(name.utf8.count <= 81, "seed \(seed)")
            #expect(name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x2F && $0 != 0x7F }, "seed \(seed)")
            if bytes.isEmpty { continue }
            let value = String(validating: bytes, as: UTF8.self)
            if let value { #expect(HiveValue.isName(name, of: value), "seed \(seed)") }
            if name.utf8.count <= HiveValue.bytesMax {
                #expect(decoded(name) == bytes, "seed \(seed)")
            } else {
                let kept = decoded(String(decoding: name.utf8.dropLast(17), as: UTF8.self))
                #expect(bytes.starts(with: kept), "seed \(seed)")
                if value != nil {
                    #expect(String(validating: kept, as: UTF8.self) != nil, "seed \(seed)")
                }
            }
        }
    }

    /// Returns random characters of one to four bytes, some of which are escaped.
    private func text(_ count: Int, _ generator: inout SeededGenerator) -> String {
        let alphabets: [ClosedRange<UInt32>] = [
            0x01...0x7F, 0x400...0x4FF, 0x4E00...0x4FFF, 0x1F600...0x1F64F,
        ]
        var text = ""
        for _ in 0..<count {
            let range = alphabets[Int.random(in: 0..<4, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
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

    @Test func bytesThatAreNoTextAreEscapedOneByOne() {
        let bytes: [UInt8] = [0x61, 0xC3, 0x62, 0xED, 0xA0, 0x80, 0xF0, 0x9F, 0x98]
        let name = bytes.withUnsafeBytes { HiveValue.escape($0) }
        #expect(name == "a%C3b%ED%A0%80%F0%9F%98")
    }

    @Test(arguments: [("x", 64), ("ü", 64), ("日", 63), ("😀", 64), ("/", 63), ("é/", 60)])
    func longValuesAreCutBetweenCharacters(unit: String, kept: Int) {
        let long = String(repeating: unit, count: 1_000)
        let one = HiveValue.escape(long + "1")
        let two = HiveValue.escape(long + "2")
        #expect(one != two)
        let whole = decoded(String(decoding: one.utf8.dropLast(17), as: UTF8.self))
        #expect(String(validating: whole, as: UTF8.self) != nil)
        let width = HiveValue.escape(unit).utf8.count
        #expect(one.utf8.count - 17 >= 64 - width && one.utf8.count - 17 <= 64)
        if unit.count == 1 { #expect(one.utf8.count - 17 == kept) }
        #expect(HiveValue.isName(one, of: long + "1") && !HiveValue.isName(one, of: long + "2"))
    }

    @Test func exactly64BytesAreNotCut() {
        #expect(HiveValue.escape(String(repeating: "x", count: 64)).utf8.count == 64)
        #expect(
            HiveValue.escape(String(repeating: "ü", count: 32)) == String(repeating: "ü", count: 32)
        )
    }

    /// Earlier versions escaped every byte outside `[A-Za-z0-9._-]`, and cut between two bytes.
    @Test func namesOfEarlierVersionsAreKnown() {
        #expect(HiveValue.isName("caf%C3%A9", of: "café") && HiveValue.isName("a%20b", of: "a b"))
        #expect(
            !HiveValue.isName("caf%C3%A9", of: "cafe\u{301}") && !HiveValue.isName("web", of: "app")
        )
        #expect(HiveValue.isName(HiveValue.missing, of: "") && !HiveValue.isName("%5F", of: ""))
        let long = String(repeating: "ü", count: 100)
        let hash = Array(long.utf8).withUnsafeBytes { HiveValue.hash($0) }
        let digits = String(hash, radix: 16)
        let old =
            String(repeating: "%C3%BC", count: 10) + "%C3-"
            + String(repeating: "0", count: 16 - digits.count) + digits
        #expect(HiveValue.isName(old, of: long) && !HiveValue.isName(old, of: long + "ü"))
    }

    @Test func hashesAsFNV1aDoes() {
        // Test vectors of RFC 9923.
        #expect(Array("".utf8).withUnsafeBytes { HiveValue.hash($0) } == 0xcbf2_9ce4_8422_2325)
        #expect(Array("a".utf8).withUnsafeBytes { HiveValue.hash($0) } == 0xaf63_dc4c_8601_ec8c)
        #expect(
            Array("foobar".utf8).withUnsafeBytes { HiveValue.hash($0) } == 0x8594_4171_f739_67e8
        )
    }
}
