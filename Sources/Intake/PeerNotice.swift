/// Something about a peer that an operator should know, reported at most once an hour per host.
package struct PeerNotice: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Its handshake was complete but failed: incompatible socket type, or an older protocol.
        case handshakeFailed
        /// It broke the protocol, most often by a message longer than `limits.message`.
        case violation
        /// It has sent a message that never arrives, because another peer has its name.
        case muted
        /// Cut off so that it reconnects, now that its name is free.
        case released
        /// Refused: its key is not known.
        case unknownKey
        /// Its requests are refused: their write key is missing, or not known.
        case unknownWriteKey
        /// Its requests are refused: a webhook's signature is wrong, missing, or too old.
        case badSignature
        /// Cut off: its key may not connect any more.
        case keyRemoved
        /// Refused: the source is at its connection limit.
        case refused
        /// Cut off: it sends bytes that never become a message.
        case overBudget
        /// Its self-chosen name is too long.
        case nameTooLong
        /// It was silent for longer than the limit.
        case timedOut
        /// The source cannot connect to it.
        case unreachable
        /// The file of the source's Unix socket is missing, or belongs to another socket.
        case socketFileGone
    }

    package var kind: Kind
    /// `tcp://10.0.0.7:4711`, or the endpoint concerned.
    package var peer: String
    /// Details of the case.
    package var detail: String

    package init(_ kind: Kind, peer: String, detail: String) {
        self.kind = kind
        self.peer = peer
        self.detail = detail
    }
}

/// Notices about peers, of which operators get a few per hour.
///
/// A value that is told the time; the source's thread has it.
package struct PeerNotices {
    private var limit = HourlyLimit()
    private var waiting: [PeerNotice] = []

    package init() {}

    /// Adds a notice, unless there were enough of its kind about the host.
    ///
    /// `now`: monotonic nanoseconds.
    package mutating func add(_ notice: PeerNotice, host: String, at now: Int64) {
        guard limit.allows("\(notice.kind.rawValue) \(host)", at: now) else { return }
        waiting.append(notice)
    }

    /// The notices since the last call.
    package mutating func take() -> [PeerNotice] {
        guard !waiting.isEmpty else { return [] }
        defer { waiting = [] }
        return waiting
    }

    /// The host of a peer's name, by which notices are counted: `tcp://10.0.0.7` of
    /// `tcp://10.0.0.7:4711`.
    ///
    /// Another name than that of a TCP endpoint is returned as it is.
    package static func host(of peer: String) -> String {
        guard peer.hasPrefix("tcp://"), let colon = peer.lastIndex(of: ":") else { return peer }
        return String(peer[..<colon])
    }
}
