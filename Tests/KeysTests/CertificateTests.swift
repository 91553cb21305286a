import Testing
import Wire

@testable import Keys

@Suite struct CertificateTests {
    private static let publicText = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    private static let secretText = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

    private static func read(_ text: String) throws -> Certificate {
        try Array(text.utf8).withUnsafeBytes { try Certificate($0, path: "web.key") }
    }

    @Test func readsSecretCertificateOfCZMQ() throws {
        let certificate = try Self.read(
            """
            #   ****  Generated on 2026-11-30 08:16:42 by CZMQ  ****
            #   ZeroMQ CURVE **Secret** Certificate

            metadata
                email = "a@example.org"
                name = "web shop"
            curve
                public-key = "\(Self.publicText)"
                secret-key = "\(Self.secretText)"

            """
        )
        #expect(certificate.name == "web shop")
        #expect(certificate.publicKey.z85 == Self.publicText)
        #expect(certificate.keys?.publicKey.z85 == Self.publicText)
    }

    @Test(arguments: [
        "curve\n    public-key = \"KEY\"", "curve\r\n    public-key = \"KEY\"\r\n",
        "curve\n    public-key='KEY'   # a comment\n", "metadata\n\ncurve\n    public-key = KEY\n",
        "curve # section\n    public-key = \"KEY\"\n    other\n        public-key = \"deeper\"\n",
        "other\n    public-key = \"x\"\ncurve\n    public-key = \"KEY\"\n",
    ])
    func readsEveryFormOfThePropertyLanguage(form: String) throws {
        // Without '#', so that it may also stand without quotes.
        let key = Self.publicText
        let text = form.replacing("KEY", with: key)
        let certificate = try Self.read(text)
        #expect(certificate.publicKey.z85 == key)
        #expect(certificate.name == nil && certificate.keys == nil)
    }

    @Test(arguments: [
        ("", "has no 'public-key'"), ("public-key = \"KEY\"", "has no 'public-key'"),
        ("curve\n   public-key = \"KEY\"", "line 2 is indented by 3 spaces"),
        ("curve\n\tpublic-key = \"KEY\"", "has no 'public-key'"),
        ("curve\n    public-key \"KEY\"", "line 2 has no '=' behind its name"),
        ("curve\n    public-key = \"KEY", "line 2 has a quote that does not end"),
        ("curve\n    public-key = \"KEY\" x", "line 2 has text behind the closing quote"),
        ("curve\n    public-key = \"KEY0\"", "not 40 characters of Z85"),
        ("curve\n    public-key = \"\"", "not 40 characters of Z85"),
        ("curve\n    public-key = \"KEY\"\n    public-key = \"KEY\"", "has a second 'public-key'"),
        ("curve\n    public-key = \"KEY\"\n    secret-key = \"KEY\"", "does not belong"),
        ("curve\n    public-key = \"KEY\"\n    secret-key = \"short\"", "not 40 characters"),
        ("{\"key\": 1}", "line 1 does not begin with a name"),
        ("metadata\n    name = \"a\u{1b}[2J\"", "is not 1 to 128 bytes of printable UTF-8"),
        ("metadata\n    name = \"a\u{202e}b\"", "is not 1 to 128 bytes of printable UTF-8"),
    ])
    func refusesTextThatIsNoCertificate(form: String, expected: String) {
        let text = form.replacing("KEY", with: Self.publicText)
        let message = complaint { _ = try Self.read(text) }
        #expect(message.hasPrefix("web.key ") && message.contains(expected), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test func refusesLongNames() throws {
        func text(_ count: Int) -> String {
            let name = String(repeating: "n", count: count)
            return
                "metadata\n    name = \"\(name)\"\ncurve\n    public-key = \"\(Self.publicText)\""
        }
        #expect(try Self.read(text(128)).name?.count == 128)
        #expect(complaint { _ = try Self.read(text(129)) }.contains("128 bytes"))
    }

    @Test func noErrorContainsTheSecret() {
        let text = """
            curve
                public-key = "\(CurveKeyPair().publicKey)"
                secret-key = "\(Self.secretText)"
            """
        for cut in 0..<text.utf8.count {
            let message = complaint { _ = try Self.read(String(text.prefix(cut))) }
            #expect(!message.contains(Self.secretText.prefix(8)))
        }
    }

    @Test func damagedTextNeverTraps() {
        let text = Array("metadata\n    name = \"a\"\ncurve\n    public-key = \"KEY\"\n".utf8)
        for index in text.indices {
            for byte: UInt8 in [0, 0x0A, 0x20, 0x22, 0x23, 0x3D, 0xFF] {
                var damaged = text
                damaged[index] = byte
                _ = damaged.withUnsafeBytes { try? Certificate($0, path: "x") }
            }
        }
    }

    @Test func textsAreReadBack() throws {
        let keys = CurveKeyPair()
        let open = try Self.read(
            String(decoding: Certificate.publicText(name: "a", key: keys.publicKey), as: UTF8.self)
        )
        #expect(open.name == "a" && open.publicKey == keys.publicKey && open.keys == nil)
        let secret = Certificate.secretText(name: "a", keys: keys)
        let whole = try Certificate(secret.bytes, path: "x")
        #expect(whole.name == "a" && whole.keys?.publicKey == keys.publicKey)
    }
}
