import Testing

@testable import Digest

@Suite struct P256PublicKeyTests {
    // Made by the Python package cryptography, for the text "a message".
    private static let key =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESIXI/rkeI9M1LdMXvYLLHlkEt9Reh4r6aArbRXEW4/L7"
        + "0x5Qxvv3ro1s22SrKM1N1rb0stLmy7Pev/HoUZOD6w=="
    private static let signature =
        "MEYCIQCnpGbON1/5/+0BWrfV6hjjmGc04zyE68G1kyDx23crzgIhANTdgot4jQLP6/V+AoKI5b6PAOOS"
        + "wG4Hz1unbSRQs+hh"
    private static let otherCurve =
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEQoeW+Q3DiUK+bvO2nR+lH73qwt4aMxJAGsgEdLosj+1YWMqP"
        + "+UZ10v1HKO5qiF/h4kUAyJ/GdLIlB5g2HbqvxQ+wI7KnHCOgYQsKxedBdWHLX4VQCq2NBBfLKUdB+nPx"

    private func isValid(_ text: String, _ signature: [UInt8], key: String = key) throws -> Bool {
        let key = try #require(P256PublicKey(text: key))
        let middle = text.utf8.count / 2
        return Array(text.utf8.prefix(middle)).withUnsafeBytes { start in
            Array(text.utf8.dropFirst(middle)).withUnsafeBytes { rest in
                key.isValid(signature, of: [start, rest])
            }
        }
    }

    @Test func acceptsOnlyItsSignature() throws {
        let signature = try #require(Base64.decode(Array(Self.signature.utf8)))
        #expect(try isValid("a message", signature))
        #expect(try !isValid("a messagf", signature))
        #expect(try !isValid("", signature))
        for place in signature.indices {
            var changed = signature
            changed[place] ^= 1
            #expect(try !isValid("a message", changed), "byte \(place)")
            #expect(try !isValid("a message", Array(signature.prefix(place))), "\(place) bytes")
        }
        #expect(try !isValid("a message", signature + [0]))
    }

    @Test func readsPEM() throws {
        let lines = [Self.key.prefix(64), Self.key.dropFirst(64)].joined(separator: "\n")
        let pem = "-----BEGIN PUBLIC KEY-----\n\(lines)\n-----END PUBLIC KEY-----\n"
        let signature = try #require(Base64.decode(Array(Self.signature.utf8)))
        #expect(try isValid("a message", signature, key: pem))
    }

    @Test func refusesOtherKeys() throws {
        #expect(P256PublicKey(text: Self.otherCurve) == nil)
        #expect(P256PublicKey(text: "") == nil)
        #expect(P256PublicKey(text: "no key") == nil)
        #expect(P256PublicKey(text: String(Self.key.dropLast(8))) == nil)
        let der = try #require(Base64.decode(Array(Self.key.utf8)))
        #expect(P256PublicKey(der: der) != nil)
        #expect(P256PublicKey(der: der + [0]) == nil)
        var changed = der
        changed[60] ^= 1
        #expect(P256PublicKey(der: changed) == nil)
    }
}
