/// One webhook: where its requests arrive, and how it is known from whom they are.
package struct WebhookSettings: Sendable, Equatable {
    /// The path as it is in requests, such as `/hooks/stripe`.
    package var path: String
    /// The channel of events that name none; nil for the source's.
    package var channel: String?
    /// The sender; nil if ``signature`` says all about it.
    package var preset: WebhookPreset?
    /// The URL that the sender was told; only `twilio` needs it.
    package var publicURL: String?
    /// How a sender without a preset signs.
    ///
    /// Its secrets and its tolerance count with a preset too.
    package var signature: SignatureSettings
    /// Where its events have their identity, name and time; what it does not say, the preset says.
    package var ownFields = WebhookFields()

    package init(path: String, preset: WebhookPreset? = nil, signature: SignatureSettings) {
        self.path = path
        self.preset = preset
        self.signature = signature
    }

    /// Where its events have their identity, name and time.
    package var fields: WebhookFields { ownFields.completed(by: preset?.fields ?? WebhookFields()) }

    /// Whether the end of the path is a secret.
    package var hasSecretPath: Bool { preset == nil && signature.algorithm == .pathSecret }

    /// Returns what decides on requests.
    ///
    /// - Throws: what is missing or wrong, with the remedy.
    package func verifier() throws(WebhookSettingsError) -> WebhookVerifier {
        guard let preset else { return try WebhookVerifier(signature) }
        return try WebhookVerifier(
            preset: preset,
            secrets: signature.secrets,
            tolerance: signature.tolerance,
            publicURL: publicURL
        )
    }
}

/// Makes the events of a webhook's body.
package enum WebhookBody {
    /// Returns the object that a form means; nil if the body is no form, and stays as it is.
    ///
    /// The fields are its members. A generic sender's only field `data` is the event itself, if it
    /// is JSON or base64 of it. Its JSON stays as it is whatever it is called: curl and others call
    /// every body a form.
    package static func event(
        of request: WebhookRequest,
        preset: WebhookPreset?
    ) throws(FormFault) -> [UInt8]? {
        guard MediaType(request.headers)?.isForm == true else { return nil }
        if preset == nil, beginsAsJSON(request.body) { return nil }
        let form = try FormFields(request.body)
        if preset == nil, form.count == 1, let data = form.only("data"),
            let event = try? EncodedData.decode(data)
        {
            return event
        }
        return FormObject.json(form, nesting: false)
    }

    /// Whether the first byte that is no blank opens an object or an array; in a form it is encoded.
    private static func beginsAsJSON(_ body: UnsafeRawBufferPointer) -> Bool {
        for byte in body {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): return true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                continue
            default: return false
            }
        }
        return false
    }
}
