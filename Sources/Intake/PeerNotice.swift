/// Something about a peer that an operator should know, told at most once an hour for its host.
package struct PeerNotice: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Its handshake was whole, and came to nothing: another role, or an older protocol.
        case handshakeFailed
        /// It broke the protocol; above all by a message longer than `limits.message`.
        case violation
        /// It has sent a message that never arrives, since another has its name.
        case muted
        /// Cut off so that it connects anew, now that its name is free.
        case released
        /// Refused: the source has as many connections as it may have.
        case refused
        /// Cut off: it sends what never becomes a message.
        case overBudget
        /// The name that it chose for itself is too long.
        case nameTooLong
        /// Nothing came from it for as long as a peer may be silent.
        case timedOut
        /// The source cannot connect to it.
        case unreachable
        /// The file of the source's Unix socket is gone, or another's.
        case socketFileGone
    }

    package var kind: Kind
    /// `tcp://10.0.0.7:4711`, or the endpoint that is meant.
    package var peer: String
    /// What is known of the case.
    package var detail: String

    package init(_ kind: Kind, peer: String, detail: String) {
        self.kind = kind
        self.peer = peer
        self.detail = detail
    }
}
