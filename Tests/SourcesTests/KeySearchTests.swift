import TestSupport
import Testing

@testable import HTTPSource

/// Keys are covered wherever they are in a text, and nothing else is.
@Suite struct KeySearchTests {
    private func covered(_ text: String, _ keys: [String]) -> String? {
        var bytes = Array(text.utf8)
        let search = KeySearch(keys)
        let isFound = bytes.withUnsafeMutableBytes { search.cover($0) }
        return isFound ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private static let keys = ["key-of-a-shop", "key-of-a-till", "another-key-that-is-long"]

    @Test(arguments: [
        ("key-of-a-shop", "*************"),
        ("x key-of-a-till,key-of-a-shop y", "x *************,************* y"),
        ("another-key-that-is-longer", "************************er"),
        ("the end key-of-a-sh", "the end ***********"), ("the end key-of-a-", "the end *********"),
    ])
    func keysAreCovered(text: String, result: String) {
        #expect(covered(text, Self.keys) == result)
    }

    @Test(arguments: [
        "", "key-of-a", "key-of-a-shoe", "the end key-of-", "KEY-OF-A-SHOP", "ke y-of-a-shop",
    ])
    func otherTextsStay(text: String) {
        // The beginning of a key counts at the end of a text, from eight bytes on.
        #expect(covered(text, Self.keys) == (text == "key-of-a" ? "********" : nil))
        #expect(covered(text, []) == nil)
    }

    /// Compared with a search for each key at each place.
    @Test func aSearchFindsWhatAPlainOneFinds() {
        var random = SeededGenerator(seed: 19)
        for _ in 0..<400 {
            let keys = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                text(8...12, &random)
            }
            var parts: [String] = []
            for _ in 0..<12 {
                parts.append(
                    Bool.random(using: &random) ? keys[0] : text(1...20, &random)
                )
            }
            let whole = Array(parts.joined().utf8) + Array("........".utf8)
            var wanted = whole
            for key in keys.map({ Array($0.utf8) }) where key.count <= whole.count {
                for at in 0...(whole.count - key.count)
                where whole[at..<(at + key.count)].elementsEqual(key) {
                    for place in at..<(at + key.count) { wanted[place] = UInt8(ascii: "*") }
                }
            }
            let found = covered(String(decoding: whole, as: UTF8.self), keys)
            #expect(Array((found ?? String(decoding: whole, as: UTF8.self)).utf8) == wanted)
        }
    }

    private func text(_ count: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
        String(
            (0..<Int.random(in: count, using: &random)).map { _ in
                "ab".randomElement(using: &random) ?? "a"
            }
        )
    }
}
