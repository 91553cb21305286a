import Foundation
import TestSupport
import Testing

@testable import Digest

@Suite struct Base64Tests {
    private func decode(_ text: String) -> [UInt8]? { Base64.decode(Array(text.utf8)) }

    /// The test vectors of RFC 4648.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func agreesWithTheStandard(text: String, base64: String) {
        #expect(decode(base64) == Array(text.utf8))
        #expect(decode(base64.replacing("=", with: "")) == Array(text.utf8))
        var written: [UInt8] = []
        Array(text.utf8).withUnsafeBytes { Base64.append($0, to: &written) }
        #expect(written == Array(base64.utf8))
    }

    @Test(arguments: UInt64(1)...20) func agreesWithFoundation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for count in 0..<100 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let text = Data(bytes).base64EncodedString()
            #expect(decode(text) == bytes)
            #expect(decode(text.replacing("+", with: "-").replacing("/", with: "_")) == bytes)
            var written: [UInt8] = []
            bytes.withUnsafeBytes { Base64.append($0, to: &written) }
            #expect(written == Array(text.utf8))
        }
    }

    @Test(arguments: [
        "Z", "A", "AAAAA", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n",
        "Zm9*",
        "Zg==Zg==", "Zm9v====", "ä",
    ])
    func refusesTheRest(text: String) {
        #expect(decode(text) == nil)
    }
}
