import FoundationEssentials

/// What a collector answers to a message sent to its router, in one frame of JSON.
package enum Reply: Equatable, Sendable {
    /// On stable storage, accepted or in quarantine.
    case committed(Committed)
    /// Nothing was kept; the same message would be rejected again.
    case rejected(reason: String)
    /// Nothing was kept; the same message may be sent later.
    case unavailable(reason: String)

    /// What became of the events of a message.
    package struct Committed: Equatable, Sendable {
        /// Accepted.
        package var events: Int
        /// Of those, known from before and not written again.
        package var duplicates = 0
        /// In quarantine, as far as the answer lists them.
        package var quarantined: [Quarantined] = []
        /// In quarantine beyond those.
        package var more = 0

        package init(events: Int, quarantined: [Quarantined] = [], more: Int = 0) {
            self.events = events
            self.quarantined = quarantined
            self.more = more
        }
    }

    /// A piece of a message that is in quarantine.
    package struct Quarantined: Equatable, Sendable {
        /// Which of the message's pieces, from 0.
        package var index: Int
        /// Where it begins in the payload, in bytes, if the collector says so.
        package var offset: Int?
        package var reason: String
        package var detail: String?

        package init(
            index: Int,
            offset: Int? = nil,
            reason: String,
            detail: String? = nil
        ) {
            self.index = index
            self.offset = offset
            self.reason = reason
            self.detail = detail
        }
    }

    /// An element of the list: a piece, or how many more there are; anything else is passed over.
    private struct Element: Decodable {
        var piece: Quarantined?
        var more: Int?

        private enum Keys: CodingKey { case index, offset, reason, detail, more }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Keys.self)
            more = try? values.decode(Int.self, forKey: .more)
            guard let index = try? values.decode(Int.self, forKey: .index) else { return }
            piece = Quarantined(
                index: index,
                offset: try? values.decode(Int.self, forKey: .offset),
                reason: (try? values.decode(String.self, forKey: .reason)) ?? "unknown",
                detail: try? values.decode(String.self, forKey: .detail)
            )
        }
    }

    private struct Wire: Decodable {
        let status: String
        let events: Int?
        let duplicates: Int?
        let quarantined: [Element]?
        let reason: String?
    }

    private static let decoder = JSONDecoder()

    /// Reads the frame; nil if it is no answer this program knows.
    package init?(_ frame: UnsafeRawBufferPointer) {
        guard let wire = try? Self.decoder.decode(Wire.self, from: Data(frame)) else { return nil }
        switch wire.status {
        case "committed":
            guard let events = wire.events, events >= 0 else { return nil }
            var committed = Committed(events: events)
            committed.duplicates = max(0, wire.duplicates ?? 0)
            for element in wire.quarantined ?? [] {
                if let piece = element.piece { committed.quarantined.append(piece) }
                committed.more += min(max(0, element.more ?? 0), 1 << 32)
            }
            self = .committed(committed)
        case "rejected": self = .rejected(reason: wire.reason ?? "unknown")
        case "unavailable": self = .unavailable(reason: wire.reason ?? "unknown")
        default: return nil
        }
    }
}
