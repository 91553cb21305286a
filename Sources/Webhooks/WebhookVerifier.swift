/// Decides whether a request is from the owner of a secret.
///
/// Everything that it cannot check is refused. A value that never changes; any thread may use it.
package struct WebhookVerifier: Sendable {
    private let scheme: any SignatureScheme

    /// A sender without a preset.
    package init(_ settings: SignatureSettings) throws(WebhookSettingsError) {
        switch settings.algorithm {
        case .basic: scheme = try BasicCredential(secrets: settings.secrets)
        case .pathSecret: scheme = try PathSecret(secrets: settings.secrets)
        default: scheme = try HeaderSignature(settings)
        }
    }

    /// A sender with a preset.
    ///
    /// - Parameters:
    ///   - preset: the sender.
    ///   - secrets: any of them is good.
    ///   - tolerance: seconds that a signed time may be from the present; nil for the preset's own.
    ///   - publicURL: the URL that the sender was told, without its query; only `twilio` needs it.
    /// - Throws: what is missing or wrong, with the remedy.
    package init(
        preset: WebhookPreset,
        secrets: [String],
        tolerance: Int64? = nil,
        publicURL: String? = nil
    ) throws(WebhookSettingsError) {
        let bound = tolerance ?? preset.tolerance
        switch preset {
        case .stripe: scheme = try StripeSignature(secrets: secrets, tolerance: bound)
        case .standard: scheme = try StandardSignature(secrets: secrets, tolerance: bound)
        case .mailgun: scheme = try MailgunSignature(secrets: secrets, tolerance: bound)
        case .twilio: scheme = try TwilioSignature(secrets: secrets, publicURL: publicURL)
        case .postmark: scheme = try BasicCredential(secrets: secrets)
        case .shopify:
            var settings = SignatureSettings(secrets: secrets)
            settings.header = "X-Shopify-Hmac-SHA256"
            settings.encoding = .base64
            scheme = try HeaderSignature(settings)
        case .sendgrid:
            var settings = SignatureSettings(secrets: secrets)
            settings.algorithm = .ecdsaP256SHA256
            settings.header = "X-Twilio-Email-Event-Webhook-Signature"
            settings.encoding = .base64
            settings.timestampHeader = "X-Twilio-Email-Event-Webhook-Timestamp"
            settings.signed = "{timestamp}{body}"
            settings.tolerance = bound
            scheme = try HeaderSignature(settings)
        }
    }

    /// Returns if the request is genuine.
    ///
    /// - Parameters:
    ///   - request: the request, as it was sent.
    ///   - now: seconds since 1970 UTC.
    ///   - replays: the tokens that were used, one memory per webhook and all its threads.
    /// - Returns: a token that is used now; ``ReplayMemory/forget(_:)`` it if the events are not
    ///   stored. Nil for senders that sign the events themselves.
    /// - Throws: the reason to refuse it.
    package func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark? {
        try scheme.verify(request, now: now, replays: &replays)
    }
}
