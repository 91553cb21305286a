import Testing

@testable import Digest

@Suite struct HexTests {
    @Test func readsWhatItWrites() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Hex.bytes(of: Array(Hex.text(bytes).utf8)) == bytes)
        #expect(Hex.bytes(of: Array(Hex.text(bytes).uppercased().utf8)) == bytes)
        #expect(Hex.bytes(of: []) == [])
    }

    @Test(arguments: ["0", "0g", "g0", "0x", " 0", "000", "@0", "/0", ":0", "`0", "ä"])
    func refusesTheRest(text: String) {
        #expect(Hex.bytes(of: Array(text.utf8)) == nil)
    }
}
