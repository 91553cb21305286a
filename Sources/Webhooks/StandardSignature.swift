import Digest

/// Standard Webhooks: `webhook-signature: v1,…`, a code of `id.timestamp.body` in base64.
///
/// The older names `svix-id`, `svix-timestamp`, `svix-signature` mean the same.
struct StandardSignature: SignatureScheme {
    private let keys: [HMACKey]
    private let freshness: Freshness

    init(secrets: [String], tolerance: Int64?) throws(WebhookSettingsError) {
        keys = try SecretList.standardKeys(secrets)
        freshness = Freshness(tolerance: tolerance)
    }

    func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark? {
        // All three fields are of one family. An id of the first would be read before the signed one.
        let family = request.headers.has("webhook-signature") ? "webhook" : "svix"
        guard family == "webhook" || !request.headers.has("webhook-id") else { throw .malformed }
        let signatures = try request.headers.needed("\(family)-signature")
        let id = try request.headers.needed("\(family)-id")
        let time = try request.headers.needed("\(family)-timestamp")
        try freshness.check(time, now: now)
        let parts = signatures.split(separator: UInt8(ascii: " "))
        guard parts.count <= StripeSignature.candidatesMax else { throw .malformed }
        // Other versions are signatures with other kinds of keys.
        let version = Array("v1,".utf8)
        let candidates = parts.filter { $0.starts(with: version) }
            .compactMap { Base64.decode(Array($0.dropFirst(version.count))) }
        guard !candidates.isEmpty else { throw .malformed }
        let dot = [UInt8(ascii: ".")]
        let isValid = (id + dot + time + dot).withUnsafeBytes { before in
            keys.accept(candidates, of: [before, request.body])
        }
        guard isValid else { throw .mismatch }
        return nil
    }
}
