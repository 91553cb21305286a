import Platform
import Wire

/// The steps of a connection's handshake.
extension Connection {
    /// Whether the handshake is done.
    var isOpen: Bool { handshake == nil }

    /// Whether the peer has sent a whole greeting.
    var isGreeted: Bool {
        switch handshake {
        case .some(let handshake): handshake.isGreeted
        case nil: true
        }
    }

    /// Adds what this end sends first.
    mutating func beginHandshake() {
        handshake?.begin(sending: &output)
    }

    /// Reads no more than the next step of the handshake needs; returns as `StreamSocket.receive`.
    mutating func receiveHandshake() -> Int {
        let missing = handshake?.missing(after: input.bytes) ?? 0
        let count = StreamSocket.receive(descriptor, into: input.room(missing))
        if count > 0 { input.added(count) }
        return count
    }

    /// Takes the bytes that were read.
    mutating func advanceHandshake() -> Handshake.Step {
        guard let (taken, step) = handshake?.advance(input.bytes, sending: &output) else {
            return .waiting
        }
        input.removeFirst(taken)
        return step
    }

    /// Ends the handshake: the peer may send messages.
    mutating func open(_ peer: WirePeer, at now: Int64) {
        handshake = nil
        hasCommands = peer.hasCommands
        input.trim()
        heardAt = now
    }

    /// Lets a producer in that has proved which key it has: all that follows is encrypted.
    mutating func admit(_ key: CurveKey, name: String) {
        guard let session = handshake?.admit(sending: &output) else { return }
        producer = name
        encryption = Encryption(session: session, key: key)
    }
}
