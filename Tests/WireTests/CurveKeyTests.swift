import Testing

@testable import Wire

@Suite struct CurveKeyTests {
    /// The example of ZeroMQ RFC 32.
    private static let example: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]

    /// A client's keys that zmq_curve(7) has for tests.
    private static let publicText = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    private static let secretText = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

    @Test func z85HasTheFormOfItsSpecification() {
        #expect(Self.example.withUnsafeBytes { Z85.text($0) } == "HelloWorld")
        var bytes = [UInt8](repeating: 0, count: 8)
        let isDecoded = bytes.withUnsafeMutableBytes { room in
            Array("HelloWorld".utf8).withUnsafeBytes { Z85.decode($0, into: room) }
        }
        #expect(isDecoded && bytes == Self.example)
    }

    @Test func z85OfEveryKeyIsReadBack() throws {
        for _ in 0..<200 {
            let key = CurveKeyPair().publicKey
            #expect(key.z85.utf8.count == 40)
            #expect(CurveKey(z85: key.z85) == key)
        }
    }

    @Test(arguments: [
        "", "short", String(repeating: "0", count: 39), String(repeating: "0", count: 41),
        // A character outside the alphabet, one beyond ASCII, and a group above 2^32 - 1.
        String(repeating: "0", count: 39) + "\"", String(repeating: "0", count: 38) + "ü",
        String(repeating: "0", count: 35) + "#####",
    ])
    func refusesTextThatIsNoKey(text: String) {
        #expect(CurveKey(z85: text) == nil)
    }

    @Test func takesTheLargestGroup() {
        // 2^32 - 1 is "%nSc0"; one more is refused.
        #expect(CurveKey(z85: String(repeating: "%nSc0", count: 8)) != nil)
        #expect(CurveKey(z85: String(repeating: "%nSc1", count: 8)) == nil)
    }

    @Test func publicKeyFollowsFromSecretKey() throws {
        let pair = try #require(
            Array(Self.secretText.utf8).withUnsafeBytes { CurveKeyPair(secretZ85: $0) }
        )
        #expect(pair.publicKey.z85 == Self.publicText)
        #expect(Array(pair.secretZ85.bytes) == Array(Self.secretText.utf8))
    }

    @Test func refusesSecretOfAnotherLength() {
        #expect(
            [UInt8](repeating: 1, count: 31).withUnsafeBytes { CurveKeyPair(secret: $0) } == nil
        )
        #expect([UInt8]().withUnsafeBytes { CurveKey(bytes: $0) } == nil)
    }

    @Test func generatedKeysDiffer() {
        #expect(Set((0..<50).map { _ in CurveKeyPair().publicKey }).count == 50)
    }
}
