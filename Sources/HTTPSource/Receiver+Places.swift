import Intake
import NIOHTTP1
import Webhooks

/// Where the events of requests have their identity, name and time, for the writer that reads them.
extension WebhookFields {
    /// The places for a request; empty if there are none.
    ///
    /// What a header field has is put in as a text, since only the body goes to the writer.
    func places(_ headers: HTTPHeaders) -> [UInt8] {
        guard !isEmpty else { return [] }
        var writer = EventPlaces.Writer(
            isIDEnough ? [.comesFirst, .identityIsEnough] : .comesFirst
        )
        for part in id {
            writer.beginPart()
            for place in part { writer.add(place, as: .identity, headers) }
        }
        if !namePrefix.isEmpty { writer.add(.namePrefix, text: namePrefix) }
        for place in name { writer.add(place, as: .name, headers) }
        for place in time { writer.add(place, as: .time, headers) }
        return writer.bytes
    }
}

extension EventPlaces.Writer {
    fileprivate mutating func add(
        _ place: WebhookFields.Place,
        as role: EventPlaces.Role,
        _ headers: HTTPHeaders
    ) {
        switch place {
        case .path(let names): add(role, path: names)
        case .header(let name):
            if let value = headers.first(name: name), !value.isEmpty { add(role, text: value) }
        }
    }
}

extension HTTPConfiguration.Profile {
    /// The places of a profile's events; empty where they are as in all others.
    var places: [UInt8] {
        switch self {
        case .segment, .events, .pixel: []
        case .cloudevents: Self.cloudEvents
        case .snowplow: Self.snowplowEvents
        case .posthog: Self.postHogEvents
        }
    }

    /// Of CloudEvents, `id` is unique together with `source` only.
    private static let cloudEvents: [UInt8] = {
        var writer = EventPlaces.Writer([])
        for name in ["id", "source"] {
            writer.beginPart()
            writer.add(.identity, path: [name])
        }
        return writer.bytes
    }()

    private static let snowplowEvents: [UInt8] = {
        var writer = EventPlaces.Writer([])
        writer.beginPart()
        writer.add(.identity, path: ["eid"])
        writer.add(.name, path: ["e"])
        writer.add(.time, path: ["dtm"])
        return writer.bytes
    }()

    private static let postHogEvents: [UInt8] = {
        var writer = EventPlaces.Writer([])
        writer.beginPart()
        writer.add(.identity, path: ["uuid"])
        writer.add(.time, path: ["timestamp"])
        writer.add(.time, path: ["sent_at"])
        return writer.bytes
    }()
}
