import Intake
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

    /// The key that it has proved to have, and the key's name; nil without CURVE.
    var keyAndProducer: (CurveKey, String)? {
        switch encryption {
        case .some(let encryption): (encryption.key, encryption.producer)
        case nil: nil
        }
    }

    /// Adds what this end sends first.
    mutating func beginHandshake() {
        handshake?.begin(sending: &output.bytes)
    }

    /// Reads no more than the next step of the handshake needs; returns as `StreamSocket.receive`.
    mutating func receiveHandshake() -> Int {
        let missing = handshake?.missing(after: input.bytes) ?? 0
        let count = StreamSocket.receive(id.descriptor, into: input.room(missing))
        if count > 0 {
            input.added(count)
            presence.hasSpoken = true
        }
        return count
    }

    /// Takes the bytes that were read.
    mutating func advanceHandshake() -> Handshake.Step {
        guard let (taken, step) = handshake?.advance(input.bytes, sending: &output.bytes) else {
            return .waiting
        }
        input.removeFirst(taken)
        return step
    }

    /// Ends the handshake: the peer may send messages.
    mutating func open(_ peer: WirePeer, of producer: Producer, at now: Int64) {
        handshake = nil
        self.producer = producer
        producer.connect()
        presence.hasCommands = peer.hasCommands
        input.trim()
        presence.heardAt = now
    }

    /// Lets a producer in that has proved which key it has: all that follows is encrypted.
    mutating func admit(_ key: CurveKey, name: String) {
        guard let session = handshake?.admit(sending: &output.bytes) else { return }
        encryption = Encryption(session: session, key: key, producer: name)
    }
}
