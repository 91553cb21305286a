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
