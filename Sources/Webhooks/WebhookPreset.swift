/// The senders whose signatures and events need no settings but secrets.
package enum WebhookPreset: String, Sendable, CaseIterable {
    case stripe
    case shopify
    case sendgrid
    case mailgun
    case twilio
    case postmark
    /// Standard Webhooks, which many senders follow.
    case standard = "standard-webhooks"

    /// Seconds that a signed time may be from the present; nil if no time is signed, or if the
    /// sender repeats a request with its first signature for an unknown time.
    package var tolerance: Int64? {
        switch self {
        case .stripe, .standard: 300
        // It repeats a request for eight hours.
        case .mailgun: 9 * 3_600
        case .shopify, .sendgrid, .twilio, .postmark: nil
        }
    }

    /// Where its events have their identity, name and time.
    package var fields: WebhookFields {
        var fields = WebhookFields()
        switch self {
        case .stripe:
            fields.id = [[.member("id")]]
            fields.name = [.member("type")]
            fields.time = [.member("created")]
        case .shopify:
            fields.id = [[.field("X-Shopify-Webhook-Id")]]
            fields.name = [.field("X-Shopify-Topic")]
            fields.time = [.field("X-Shopify-Triggered-At")]
        case .sendgrid:
            fields.id = [[.member("sg_event_id")]]
            fields.name = [.member("event")]
            fields.time = [.member("timestamp")]
        case .mailgun:
            fields.id = [[.member("event-data.id")]]
            fields.name = [.member("event-data.event")]
            fields.time = [.member("event-data.timestamp")]
        case .standard:
            fields.id = [[.field("webhook-id"), .field("svix-id")]]
            fields.name = [.member("type")]
            fields.time = [
                .member("timestamp"), .field("webhook-timestamp"), .field("svix-timestamp"),
            ]
        case .twilio: Self.twilio(&fields)
        case .postmark: Self.postmark(&fields)
        }
        return fields
    }

    /// A call or message reports each of its states under one id.
    private static func twilio(_ fields: inout WebhookFields) {
        fields.isIDEnough = false
        let state: WebhookFields.Choice = [
            .member("MessageStatus"), .member("CallStatus"), .member("SmsStatus"),
        ]
        fields.id = [
            [.member("MessageSid"), .member("CallSid"), .member("SmsSid")], state,
            [.member("SequenceNumber")],
        ]
        fields.name = state
    }

    /// One message has several recipients, and each can open it several times.
    private static func postmark(_ fields: inout WebhookFields) {
        fields.isIDEnough = false
        let times = ["DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"]
            .map(WebhookFields.Place.member)
        fields.id = [
            [.member("MessageID")], [.member("RecordType")],
            [.member("Recipient"), .member("Email")], times,
        ]
        fields.name = [.member("RecordType")]
        fields.time = times
    }
}
