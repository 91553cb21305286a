import Digest
import Foundation
import Testing

@testable import Webhooks

@Suite struct RedirectRuleTests {
    private static let secret = "made-up redirect secret"

    private func rule(hosts: [String] = []) throws -> RedirectRule {
        try RedirectRule(secrets: ["another made-up secret", Self.secret], hosts: hosts)
    }

    /// Returns the query with its signature.
    private func signed(_ query: String, secret: String = RedirectRuleTests.secret) -> String {
        let code = Array(query.utf8).withUnsafeBytes {
            HMACKey(Array(secret.utf8), hash: .sha256).code(of: $0)
        }
        let text = Data(code).base64EncodedString().replacing("+", with: "-").replacing(
            "/",
            with: "_"
        )
        return "\(query)&s=\(text.replacing("=", with: ""))"
    }

    private func target(_ query: String, hosts: [String] = []) throws -> String {
        try rule(hosts: hosts).target(of: Array(query.utf8))
    }

    private func escaped(_ address: String) -> String {
        address.utf8.map { byte in
            ASCII.isLetter(byte) || ASCII.isDigit(byte)
                ? String(UnicodeScalar(byte)) : "%" + Hex.text([byte])
        }
        .joined()
    }

    /// Signed by Python: `base64.urlsafe_b64encode(hmac.new(secret, query, "sha256").digest())`.
    @Test func followsASignature() throws {
        let query = "u=https%3A%2F%2Fshop.example%2Fa%3Fb%3D1%26c&campaign=x"
        let code = "i7U6Rv19Rx6MDRR2c5bMoZ2_yZ9qGP9c8U81RAhk8Dg"
        #expect(try target("\(query)&s=\(code)") == "https://shop.example/a?b=1&c")
        #expect(try target("\(query)&s=\(code)=") == "https://shop.example/a?b=1&c")
        #expect(try target(signed(query)) == "https://shop.example/a?b=1&c")
        #expect(
            try target(signed(query, secret: "another made-up secret"))
                == "https://shop.example/a?b=1&c"
        )
    }

    @Test(arguments: [
        ("https://shop.example", "https://shop.example"),
        ("HTTP://Shop.Example:8080/x", "http://Shop.Example:8080/x"),
        ("https://shop.example/a b", nil),
        (
            "https://shop.example/ä?q=\"<x>\"#é",
            "https://shop.example/%C3%A4?q=%22%3Cx%3E%22#%C3%A9"
        ),
        ("https://shop.example/?a=1+2", "https://shop.example/?a=1+2"),
        ("https://10.0.0.1/", "https://10.0.0.1/"),
        ("https://shop.example/@x:y//z", "https://shop.example/@x:y//z"),
        ("https://a_b.example?x", "https://a_b.example?x"),
    ])
    func aSignedAddressIsWrittenInASCII(address: String, expected: String?) throws {
        let query = signed("u=" + escaped(address))
        if let expected {
            #expect(try target(query) == expected)
        } else {
            #expect(throws: RedirectFault.forbiddenCharacter) { try target(query) }
        }
    }

    @Test func anUnescapedAddressIsTheSame() throws {
        #expect(
            try target(signed("u=https://shop.example/a+b?c=d")) == "https://shop.example/a+b?c=d"
        )
    }

    /// Each is refused, signed or not, whether its host is listed or not.
    @Test(arguments: [
        ("//evil.example", RedirectFault.notWeb), ("///evil.example", .notWeb), ("/local", .notWeb),
        ("evil.example", .notWeb),
        ("javascript:alert(1)", .notWeb), ("data:text/html,<script>", .notWeb),
        ("ftp://shop.example/", .notWeb),
        ("https:shop.example", .notWeb), ("https:/shop.example", .notWeb),
        ("java\tscript:alert(1)", .forbiddenCharacter),
        ("https:///evil.example", .badHost), ("https://", .badHost),
        ("https:////evil.example", .badHost),
        ("https://shop.example@evil.example/", .userInfo), ("https://u:p@shop.example/", .userInfo),
        ("https://shop.example%40evil.example", .badHost),
        ("https://shop.example\\@evil.example", .forbiddenCharacter),
        ("https:\\\\evil.example", .forbiddenCharacter), ("\\\\evil.example", .forbiddenCharacter),
        ("https://evil.example\\.shop.example", .forbiddenCharacter),
        (" https://shop.example", .forbiddenCharacter),
        ("https://shop.example/\r\nSet-Cookie: a=b", .forbiddenCharacter),
        ("https://shop.example/\u{0}", .forbiddenCharacter),
        ("\u{1}https://shop.example", .forbiddenCharacter),
        ("https://shop.example/\u{7F}", .forbiddenCharacter),
        ("https://shop.example:x/", .badHost), ("https://shop.example:/", .badHost),
        ("https://shop.example:0/", .badHost),
        ("https://shop.example:70000/", .badHost), ("https://shop.example:443:443/", .badHost),
        ("https://shop..example/", .badHost), ("https://.shop.example/", .badHost),
        ("https://shop.example./", .badHost),
        ("https://ſhop.example/", .badHost), ("https://shop。example/", .badHost),
        ("https://[::1]/", .badHost),
        ("https://-shop.example/", .badHost), ("https://shop.example,evil.example/", .badHost),
        ("", .notWeb),
    ])
    func refusesEvilAddresses(address: String, fault: RedirectFault) throws {
        let query = "u=" + escaped(address)
        let hosts = ["shop.example", "evil.example", "*.shop.example"]
        #expect(throws: fault) { try target(signed(query)) }
        #expect(throws: fault) { try target(query, hosts: hosts) }
        #expect(throws: fault) { try target(signed(query), hosts: hosts) }
    }

    /// Bytes that are no text, and an address without end.
    @Test func refusesWhatIsNoText() throws {
        #expect(throws: RedirectFault.forbiddenCharacter) {
            try target(signed("u=https://shop.example/%FF"))
        }
        #expect(throws: RedirectFault.badHost) { try target(signed("u=https://%FF.example/")) }
        let long =
            "u=https://shop.example/" + String(repeating: "a", count: WebAddress.byteCountMax)
        #expect(throws: RedirectFault.tooLong) { try target(signed(long)) }
        #expect(throws: RedirectFault.badHost) {
            try target(signed("u=https://" + String(repeating: "a", count: 64) + ".example/"))
        }
    }

    @Test func refusesAWrongSignatureEverywhere() throws {
        let query = "u=https%3A%2F%2Fshop.example%2F&a=1"
        let good = signed(query)
        let code = String(good.suffix(43))
        #expect("\(query)&s=\(code)" == good)
        let wrong: [String] = [
            "\(query)&s=\(code.dropLast())\(code.hasSuffix("A") ? "Q" : "A")",
            "\(query)&s=\(code.dropLast())", "\(query)&s=\(code.dropFirst())", "\(good)A",
            "s=\(code)&\(query)", "\(query)&b=2&s=\(code)", "\(good)&b=2", "\(good)&",
            "\(good)&s=\(code)", "s=\(code)&\(good)",
            "\(query)&%73=\(code)", "\(query)&S=\(code)", "\(query)&s", "\(query)&s=",
            "a=0&\(good)",
            good.replacing("a=1", with: "a=2"), good.replacing("shop", with: "evil"),
            signed(query, secret: "unknown"),
            good.replacing("%2F", with: "%2f"), "\(query)&s=\(code)%3D",
        ]
        // A code in a field of another name, after one of the right name.
        let elsewhere = signed("s=x&\(query)").replacing("&s=", with: "&x=")
        for text in wrong + [elsewhere] {
            #expect(throws: RedirectFault.self, "\(text)") { try target(text) }
        }
        // A listed host does not make a wrong signature right.
        for text in wrong where !text.contains("&S=") {
            #expect(throws: RedirectFault.badSignature, "\(text)") {
                try target(text, hosts: ["shop.example", "evil.example"])
            }
        }
    }

    @Test func needsOneAddress() throws {
        #expect(throws: RedirectFault.noAddress) { try target("") }
        #expect(throws: RedirectFault.noAddress) { try target(signed("a=1")) }
        #expect(throws: RedirectFault.notWeb) { try target(signed("u")) }
        #expect(throws: RedirectFault.twoAddresses) {
            try target(signed("u=https://shop.example/&u=https://evil.example/"))
        }
        #expect(throws: RedirectFault.twoAddresses) {
            try target("u=https://shop.example/&%75=https://evil.example/", hosts: ["shop.example"])
        }
    }

    @Test func listedHostsAreWholeLabelsByHTTPS() throws {
        let hosts = ["Shop.example", "*.news.example"]
        for address in [
            "https://shop.example/x", "https://SHOP.example:443/x", "https://a.news.example/",
            "https://a.b.news.example",
        ] {
            #expect(try target("u=\(address)&a=1", hosts: hosts) == address)
        }
        for address in [
            "http://shop.example/", "https://evilshop.example/", "https://www.shop.example/",
            "https://shop.example.evil.test/",
            "https://news.example/", "https://evilnews.example/", "https://a.news.example:8443/",
            "https://example/",
        ] {
            #expect(throws: RedirectFault.notListed, "\(address)") {
                try target("u=\(address)", hosts: hosts)
            }
        }
        #expect(throws: RedirectFault.notListed) { try target("u=https://shop.example/") }
    }

    @Test func withoutSecretsNoSignatureIsGood() throws {
        let rule = try RedirectRule(secrets: [], hosts: ["shop.example"])
        #expect(throws: RedirectFault.badSignature) {
            try rule.target(of: Array(signed("u=https://shop.example/", secret: "a").utf8))
        }
        #expect(!rule.isEmpty)
        #expect(try RedirectRule(secrets: [], hosts: []).isEmpty)
    }

    @Test(arguments: [
        "", "*", "*.", "*.example", "https://shop.example", "shop.example/", "shop.example:443",
        "a..b", "*.*.example", "shop.*",
    ])
    func refusesHostsThatMatchTooMuch(host: String) {
        #expect(throws: WebhookSettingsError.self) { try RedirectRule(secrets: [], hosts: [host]) }
    }

    @Test func refusesEmptySecrets() {
        #expect(throws: WebhookSettingsError.self) { try RedirectRule(secrets: [""], hosts: []) }
    }
}
