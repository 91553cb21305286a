import Testing

@testable import Dedup

@Suite struct PackedIdentityTests {
    private func packed<Value>(_ text: String, _ body: (PackedIdentity) -> Value) -> Value {
        Array(text.utf8).withUnsafeBytes { body(PackedIdentity($0)) }
    }

    private func bytes(_ identity: PackedIdentity) -> [UInt8] {
        withUnsafeBytes(of: (identity.first.littleEndian, identity.second.littleEndian)) {
            Array($0)
        }
    }

    @Test func packsACanonicalUUIDIntoItsBytes() {
        packed("00112233-4455-6677-8899-aabbccddeeff") { identity in
            #expect(identity.form == .uuid)
            #expect(identity.byteCount == 16)
            #expect(bytes(identity) == (0..<16).map { UInt8($0 * 17) })
        }
    }

    /// Every digit in every place, against the expected bytes.
    @Test func packsEveryDigit() {
        let zeros = Array("00000000-0000-0000-0000-000000000000".utf8)
        let places = zeros.indices.filter { zeros[$0] != UInt8(ascii: "-") }
        for (number, place) in places.enumerated() {
            for value in 0..<16 {
                var text = zeros
                text[place] = Array("0123456789abcdef".utf8)[value]
                var wanted = [UInt8](repeating: 0, count: 16)
                wanted[number / 2] = UInt8(number % 2 == 0 ? value << 4 : value)
                let found = text.withUnsafeBytes { bytes(PackedIdentity($0)) }
                #expect(found == wanted)
            }
        }
    }

    /// Any other byte in any place makes it a text, which is stored unchanged.
    @Test func takesNothingElseForAUUID() {
        let uuid = Array("00112233-4455-6677-8899-aabbccddeeff".utf8)
        for place in uuid.indices {
            for byte in UInt8.min...UInt8.max where byte != uuid[place] {
                let isDigit = (48...57).contains(byte) || (97...102).contains(byte)
                if isDigit, uuid[place] != UInt8(ascii: "-") { continue }
                var text = uuid
                text[place] = byte
                let form = text.withUnsafeBytes { PackedIdentity($0).form }
                #expect(form == .text, "byte \(byte) at \(place)")
            }
        }
        for text in ["", "a", String(repeating: "0", count: 32), String(repeating: "0", count: 36)]
        {
            #expect(packed(text, \.form) != .uuid)
        }
    }

    @Test func anEmptyIdAndOneThatIsTooLongAreNone() {
        #expect(packed("", \.form) == .none)
        let longest = String(repeating: "x", count: PackedIdentity.byteCountMax)
        #expect(packed(longest, \.form) == .text)
        #expect(packed(longest + "x", \.form) == .none)
    }
}
