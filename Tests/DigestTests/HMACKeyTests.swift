import Testing

@testable import Digest

@Suite struct HMACKeyTests {
    private func code(_ hash: HashFunction, key: [UInt8], of text: String) -> String {
        let key = HMACKey(key, hash: hash)
        return Hex.text(Array(text.utf8).withUnsafeBytes { key.code(of: $0) })
    }

    /// Test cases 2 of RFC 2202 and RFC 4231.
    @Test func agreesWithTheStandards() {
        let (key, text) = (Array("Jefe".utf8), "what do ya want for nothing?")
        #expect(code(.sha1, key: key, of: text) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        #expect(
            code(.sha256, key: key, of: text)
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
        #expect(
            code(.sha512, key: key, of: text)
                == "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        )
    }

    /// Test case 6 of RFC 4231: a key longer than a block.
    @Test func takesLongKeys() {
        let key = [UInt8](repeating: 0xAA, count: 131)
        #expect(
            code(.sha256, key: key, of: "Test Using Larger Than Block-Size Key - Hash Key First")
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        )
    }

    @Test func piecesAreOneText() {
        let key = HMACKey([1, 2, 3], hash: .sha256)
        let whole = Array("some text".utf8).withUnsafeBytes { key.code(of: $0) }
        for border in 0...9 {
            let code = key.start()
            code.update(Array("some text".utf8.prefix(border)))
            code.update([])
            code.update(Array("some text".utf8.dropFirst(border)))
            #expect(code.finish() == whole)
        }
        #expect(key.start().finish().count == 32)
    }
}
