import Testing

@testable import Webhooks

@Suite struct WebhookVerifierTests {
    private static let vectors = Vectors.all

    @Test(arguments: vectors.requests) func decidesAsTheSendersRules(
        request: Vectors.Request
    ) throws {
        let outcome = try request.outcome(now: Self.vectors.now)
        switch request.expect {
        case "refused": #expect(outcome != "accepted")
        default: #expect(outcome == request.expect)
        }
    }

    @Test func everyPresetAndAlgorithmHasRequestsOfBothKinds() {
        for preset in WebhookPreset.allCases {
            let own = Self.vectors.requests.filter { $0.preset == preset.rawValue }
            #expect(own.contains { $0.expect == "accepted" }, "\(preset)")
            #expect(own.count { $0.expect == "refused" } >= 5, "\(preset)")
        }
        for algorithm in ["hmac-sha256", "hmac-sha1", "hmac-sha512", "path-secret"] {
            let own = Self.vectors.requests.filter { $0.signature?.algorithm == algorithm }
            #expect(own.contains { $0.expect == "accepted" }, "\(algorithm)")
            #expect(own.count { $0.expect == "refused" } >= 4, "\(algorithm)")
        }
    }

    /// Each byte of each signed body counts, whichever bit changes.
    @Test func eachByteCounts() throws {
        let samples = ["stripe", "shopify", "twilio JSON", "standard webhooks", "generic with id"]
        for sample in samples {
            let request = try #require(Self.vectors.requests.first { $0.name == sample })
            let verifier = try request.verifier()
            let headers = HeaderLines(request.headers)
            var body = Array(request.body.utf8)
            for place in body.indices {
                body[place] ^= 1 << UInt8(place % 8)
                #expect(
                    throws: SignatureFault.mismatch,
                    "byte \(place) of \(sample)"
                ) {
                    try body.withUnsafeBytes { bytes in
                        var replays = ReplayMemory(room: 1)
                        let changed = WebhookRequest(
                            headers: headers,
                            body: bytes,
                            query: Array((request.query ?? "").utf8)
                        )
                        _ = try verifier.verify(changed, now: Self.vectors.now, replays: &replays)
                    }
                }
                body[place] ^= 1 << UInt8(place % 8)
            }
        }
    }

    @Test(arguments: [
        ("stripe, no signature", "missing"), ("stripe, signature twice", "missing"),
        ("stripe, 301 s old", "stale"), ("stripe, time in words", "malformed"),
        ("stripe, other secret", "mismatch"), ("twilio JSON, no hash", "malformed"),
        ("generic sha256 hex, no prefix", "malformed"), ("mailgun, no part", "missing"),
        ("mailgun, older", "stale"), ("path secret, none", "missing"),
    ])
    func saysWhy(name: String, fault: String) throws {
        let request = try #require(Self.vectors.requests.first { $0.name == name })
        #expect(try request.outcome(now: Self.vectors.now) == fault)
    }

    @Test func aTokenWhoseEventsWereLostCanBeRepeated() throws {
        let request = try #require(Self.vectors.requests.first { $0.name == "mailgun" })
        let verifier = try request.verifier()
        var replays = ReplayMemory(room: 4)
        try Array(request.body.utf8).withUnsafeBytes { bytes in
            let request = WebhookRequest(headers: HeaderLines([[String]]()), body: bytes)
            let now = Self.vectors.now
            let mark = try verifier.verify(request, now: now, replays: &replays)
            replays.forget(try #require(mark))
            #expect(replays.count == 0)
            #expect(try verifier.verify(request, now: now, replays: &replays) == mark)
            #expect(throws: SignatureFault.replayed) {
                try verifier.verify(request, now: now, replays: &replays)
            }
        }
    }

    @Test(arguments: WebhookPreset.allCases) func refusesToRunWithoutSecrets(
        preset: WebhookPreset
    ) {
        for secrets in [[], [""], ["good:secret", ""], Array(repeating: "a:b", count: 17)] {
            #expect(throws: WebhookSettingsError.self, "\(secrets)") {
                try WebhookVerifier(preset: preset, secrets: secrets, publicURL: "https://a/b")
            }
        }
    }

    @Test func refusesSettingsThatCannotWork() {
        func fault(_ change: (inout SignatureSettings) -> Void) -> String {
            var settings = SignatureSettings(secrets: ["made-up"])
            settings.header = "X-Sig"
            change(&settings)
            do throws(WebhookSettingsError) {
                _ = try WebhookVerifier(settings)
                return "none"
            } catch {
                return error.description
            }
        }
        #expect(fault { _ in } == "none")
        #expect(fault { $0.header = nil }.contains("needs 'header'"))
        #expect(fault { $0.signed = "{timestamp}" }.contains("{body} once"))
        #expect(fault { $0.signed = "{body}{body}" }.contains("{body} once"))
        #expect(fault { $0.signed = "{body}{nonce}" }.contains("'{nonce}'"))
        #expect(fault { $0.signed = "{timestamp}.{body}" }.contains("name its field"))
        #expect(fault { $0.timestampHeader = "X-Time" }.contains("does not cover"))
        #expect(fault { $0.idHeader = "X-Id" }.contains("does not cover"))
        #expect(fault { $0.tolerance = 300 }.contains("signed time"))
        #expect(fault { $0.algorithm = .ecdsaP256SHA256 }.contains("public key"))
        #expect(fault { $0.algorithm = .basic }.contains("USER:PASSWORD"))
        #expect(fault { $0.algorithm = .pathSecret }.contains("openssl rand"))
        #expect(
            fault {
                $0.algorithm = .pathSecret
                $0.secrets = ["0123456789abcde/"]
            }
            .contains("openssl rand")
        )
        #expect(!fault { $0.algorithm = .pathSecret }.contains("made-up"))
    }

    @Test(arguments: [
        nil, "", "hooks.example", "ftp://a/b", "https:///b", "https://a:x/b", "https://a/b?c",
    ])
    func twilioNeedsItsURL(url: String?) {
        #expect(throws: WebhookSettingsError.self) {
            try WebhookVerifier(preset: .twilio, secrets: ["a"], publicURL: url)
        }
    }

    @Test(arguments: [
        ("https://a.example/b", "https://a.example:443/b", "https://a.example/b"),
        ("http://a.example", "http://a.example:80", "http://a.example"),
        ("https://u:p@a.example:81/b", "https://u:p@a.example:81/b", "https://u:p@a.example/b"),
        ("https://u:p@a.example/b", "https://u:p@a.example:443/b", "https://u:p@a.example/b"),
        ("https://[::1]/b", "https://[::1]:443/b", "https://[::1]/b"),
        ("https://[::1]:81/b", "https://[::1]:81/b", "https://[::1]/b"),
    ])
    func twilioTriesBothForms(url: String, with: String, without: String) {
        #expect(TwilioSignature.urls(url) == [Array(with.utf8), Array(without.utf8)])
    }
}
