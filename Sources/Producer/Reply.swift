import Foundation

/// What a collector answers to a message sent to its router, in one frame of JSON.
package enum Reply: Equatable, Sendable {
    /// On stable storage: so many events, and in quarantine those at these places of the message.
    case committed(events: Int, quarantined: [Int])
    /// Nothing was kept; the same message would be rejected again.
    case rejected(reason: String)
    /// Nothing was kept; the same message may be sent later.
    case unavailable(reason: String)

    private struct Wire: Decodable {
        struct Quarantined: Decodable { let index: Int }
        let status: String
        let events: Int?
        let quarantined: [Quarantined]?
        let reason: String?
    }

    private static let decoder = JSONDecoder()

    /// Reads the frame; nil if it is no answer this program knows.
    package init?(_ frame: UnsafeRawBufferPointer) {
        guard let wire = try? Self.decoder.decode(Wire.self, from: Data(frame)) else { return nil }
        switch wire.status {
        case "committed":
            guard let events = wire.events, events >= 0 else { return nil }
            self = .committed(events: events, quarantined: wire.quarantined?.map(\.index) ?? [])
        case "rejected": self = .rejected(reason: wire.reason ?? "unknown")
        case "unavailable": self = .unavailable(reason: wire.reason ?? "unknown")
        default: return nil
        }
    }
}
