import Digest

/// Mailgun's signature, in the body: a code of a time and a token.
///
/// It does not cover the events, so whoever sees one signature could send others with it: each
/// token is taken once. The tolerance is long, because a late repeat has the time of its first try.
struct MailgunSignature: SignatureScheme {
    /// Tokens and times are short; longer ones are no work of the sender.
    private static let textMax = 128

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
        guard let part = JSONGrammar.member("signature", of: request.body) else { throw .missing }
        let time = try Self.text("timestamp", of: part)
        let token = try Self.text("token", of: part)
        guard let code = Hex.bytes(of: try Self.text("signature", of: part)) else {
            throw .malformed
        }
        try freshness.check(time, now: now)
        let isValid = (time + token).withUnsafeBytes { keys.accept([code], of: [$0]) }
        guard isValid else { throw .mismatch }
        // Not the token alone: the border between it and the time is not signed.
        let mark = ReplayMark(time + token)
        guard replays.remember(mark) else { throw .replayed }
        return mark
    }

    private static func text(
        _ name: String,
        of part: UnsafeRawBufferPointer
    ) throws(SignatureFault) -> [UInt8] {
        guard let value = JSONGrammar.member(name, of: part) else { throw .missing }
        guard let text = JSONGrammar.plain(value), (1...textMax).contains(text.count) else {
            throw .malformed
        }
        return text
    }
}
