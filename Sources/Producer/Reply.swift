import FoundationEssentials

/// A collector's answer to a message sent to its router, in one frame of JSON.
package enum Reply: Equatable, Sendable {
    /// The message is on stable storage, accepted or in quarantine.
    case committed(Committed)
    /// Nothing was stored; the same message would be rejected again.
    case rejected(reason: String)
    /// Nothing was stored; the same message may be sent later.
    case unavailable(reason: String)

    /// The outcome for the events of a message.
    package struct Committed: Equatable, Sendable {
        /// Events accepted.
        package var events: Int
        /// Accepted events that were already known and not written again.
        package var duplicates = 0
        /// Pieces in quarantine that the answer lists.
        package var quarantined: [Quarantined] = []
        /// Pieces in quarantine that it does not list.
        package var more = 0

        package init(events: Int, quarantined: [Quarantined] = [], more: Int = 0) {
            self.events = events
            self.quarantined = quarantined
            self.more = more
        }
    }

    /// A piece of a message in quarantine.
    package struct Quarantined: Equatable, Sendable {
        /// The index of the piece in the message, from 0.
        package var index: Int
        /// The offset of the piece in the payload in bytes, if the collector reports it.
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

    /// An element of the list: a piece, or the number of further ones; anything else is skipped.
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

    /// Parses the frame; nil if it is not a known answer.
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
