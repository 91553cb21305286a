import Digest

/// `Stripe-Signature: t=…,v1=…`, a code of `t.body` in hexadecimal digits.
struct StripeSignature: SignatureScheme {
    /// Signatures of one request, one per secret that is in use at the sender.
    static let candidatesMax = 16

    private let keys: [HMACKey]
    private let freshness: Freshness

    init(secrets: [String], tolerance: Int64?) throws(WebhookSettingsError) {
        keys = try SecretList.keys(secrets, hash: .sha256)
        freshness = Freshness(tolerance: tolerance)
    }

    func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark? {
        let value = try request.headers.needed("stripe-signature")
        var time: [UInt8]?
        var candidates: [[UInt8]] = []
        for part in value.split(separator: UInt8(ascii: ",")) {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1).map(ASCII.trimmed)
            guard pair.count == 2 else { throw .malformed }
            if pair[0].elementsEqual("t".utf8) {
                guard time == nil else { throw .malformed }
                time = pair[1]
            } else if pair[0].elementsEqual("v1".utf8) {
                guard let code = Hex.bytes(of: pair[1]) else { throw .malformed }
                candidates.append(code)
            }
        }
        guard let time, !candidates.isEmpty else { throw .missing }
        guard candidates.count <= Self.candidatesMax else { throw .malformed }
        try freshness.check(time, now: now)
        let isValid = (time + [UInt8(ascii: ".")]).withUnsafeBytes { before in
            keys.accept(candidates, of: [before, request.body])
        }
        guard isValid else { throw .mismatch }
        return nil
    }
}
