import Glibc
import Intake
import Platform
import Synchronization
import Wire

/// Connections that begin and end.
extension Listener {
    /// Connections that are accepted in one go.
    private static let acceptsPerRound = 64
    /// How long a handshake may take.
    private static let handshakeNanoseconds: Int64 = 3_000_000_000
    /// How long a peer is silent before it is asked whether it is there, and before it is let go.
    private static let pingNanoseconds: Int64 = 10_000_000_000
    private static let silenceNanoseconds: Int64 = 30_000_000_000
    /// The system's send buffer of a connection.
    private static let sendBufferBytes: Int32 = 128 << 10

    // MARK: - Beginning

    mutating func accept(_ endpoint: Int) {
        for _ in 0..<Self.acceptsPerRound {
            let descriptor = StreamSocket.accept(door.endpoints.descriptor(endpoint))
            if descriptor == -EAGAIN { return }
            guard descriptor >= 0 else {
                let cause = SystemError(code: -descriptor)
                tell(.refused, of: door.endpoints.names[endpoint], "not accepted: \(cause)")
                return door.pause(endpoint, in: connections, until: now + 1_000_000_000)
            }
            admit(descriptor)
        }
    }

    private mutating func admit(_ descriptor: Int32) {
        let name = StreamConnection.peerName(descriptor)
        let host = PeerNotices.host(of: name)
        shared.connections.connects.count()
        let reason =
            door.refusal(
                descriptor,
                present: connections.count,
                connectionsMax: configuration.connectionsMax
            ) ?? (makeWay(for: host) ? nil : Door.crowded)
        if let reason {
            shared.connections.refused.count()
            shared.connections.disconnects.count()
            tell(.refused, of: name, host: host, reason)
            Glibc.close(descriptor)
            return
        }
        StreamSocket.tune(descriptor)
        if isRouter { StreamSocket.setSendBuffer(descriptor, bytes: Self.sendBufferBytes) }
        let type = configuration.pattern.type
        let now = self.now
        let keys = configuration.keys?.server
        let others = shared.peerBook.others
        let added = connections.add(descriptor) { number, serial in
            let id = Connection.Identity(
                number: number,
                descriptor: descriptor,
                serial: serial,
                name: name.isEmpty ? "unknown" : name,
                since: now
            )
            return Connection(
                id: id,
                producer: others,
                handshake: Handshake(type, keys: keys),
                silenceMax: Self.silenceNanoseconds
            )
        }
        guard let connection = added else {
            shared.connections.disconnects.count()
            Glibc.close(descriptor)
            return
        }
        door.begin(handshakeOf: connection.pointee.id.number, from: host)
        shared.peerBook.begin(connection.pointee.id.number, name: connection.pointee.id.name)
        shared.peers.store(connections.count, ordering: .relaxed)
        connection.pointee.beginHandshake()
        connections.list(connection)
    }

    /// Whether an address may begin another handshake.
    ///
    /// If it has too many, the oldest peer that has said nothing is let go, so that those who only
    /// connect keep nobody out. Another may have sent its first message already.
    private mutating func makeWay(for host: String) -> Bool {
        let crowd = door.crowd(from: host)
        for number in crowd {
            guard let connection = connections[number] else { continue }
            // What it sent may not have been read yet.
            shakeHands(connection)
            guard let connection = connections[number], !connection.pointee.isOpen else {
                return true
            }
            guard !connection.pointee.presence.hasSpoken else { continue }
            shared.connections.refused.count()
            tell(.refused, of: connection, "\(Door.crowded), and it is the oldest without a byte")
            close(connection)
            return true
        }
        return crowd.isEmpty
    }

    /// Continues a connection's handshake with the bytes in its socket.
    ///
    /// Reads nothing beyond it: messages wait in the socket until intake takes them.
    mutating func shakeHands(_ connection: Connection.Pointer) {
        while true {
            let count = connection.pointee.receiveHandshake()
            guard count > 0 else {
                if count != -EAGAIN { end(connection) }
                return
            }
            let step = connection.pointee.advanceHandshake()
            if !connection.pointee.output.bytes.isEmpty { connections.list(connection) }
            switch step {
            case .waiting: break
            case .presented(let key): return decide(connection, key)
            case .done(let peer):
                let producer = shared.peerBook.producer(at: connection.pointee.host)
                return open(connection, peer, of: producer)
            case .failed(let fault): return fail(connection, text(of: fault))
            }
        }
    }

    /// Lets a peer in, or not, that has proved which key it has.
    private mutating func decide(_ connection: Connection.Pointer, _ key: CurveKey) {
        guard let name = configuration.keys?.name(of: key) else {
            // Closed without ERROR (RFC 26, section 2.5): libzmq would never connect again, even when
            // the key is added.
            return fail(
                connection,
                "\(key.z85) is not in the source's folder of keys",
                as: .unknownKey
            )
        }
        guard let producer = shared.peerBook.producer(key: name) else {
            return fail(
                connection,
                "since the start, \(ProducerBook.countMax) producers were told apart, the most that "
                    + "can be: restart the collector",
                as: .refused
            )
        }
        connection.pointee.admit(key, name: name)
        connections.list(connection)
        open(connection, WirePeer(hasCommands: true), of: producer)
    }

    private mutating func open(
        _ connection: Connection.Pointer,
        _ peer: WirePeer,
        of producer: Producer
    ) {
        door.finish(handshakeOf: connection.pointee.id.number, from: connection.pointee.host)
        connection.pointee.open(peer, of: producer, at: now)
        connections.setWaking(connection, watchesEnd: isRouter)
        if !connections.beginReading(connection) { close(connection) }
    }

    private mutating func fail(
        _ connection: Connection.Pointer,
        _ detail: String,
        as kind: PeerNotice.Kind = .handshakeFailed
    ) {
        shared.connections.failedHandshakes.count()
        tell(kind, of: connection, detail)
        close(connection)
    }

    private func text(of fault: HandshakeFault) -> String {
        switch fault {
        case .notZMTP: "it does not speak ZMTP 3 or 2"
        case .unprotected: "it speaks ZMTP 2, which has no security"
        case .mechanism(let name):
            "it asks for the mechanism '\(Self.shown(name))', the source has "
                + (configuration.keys == nil ? "NULL" : "CURVE")
        case .socketType(let type): misfit("\(Self.shown(type)) ")
        case .malformed: Self.noHandshake
        case .endedByPeer: "it ended the handshake with an error"
        case .curve(let fault): "\(fault)"
        }
    }

    /// A peer's word, short and printable.
    private static func shown(_ word: String) -> String {
        String(
            word.unicodeScalars.prefix(20).map {
                (0x21...0x7E).contains($0.value) ? Character($0) : "?"
            }
        )
    }

    // MARK: - Ending

    /// Ends a connection whose peer has ended it.
    mutating func end(_ connection: Connection.Pointer) {
        guard !connection.pointee.isOpen else { return close(connection) }
        if connection.pointee.isGreeted {
            return fail(connection, configuration.keys == nil ? misfit("") : Self.noHandshake)
        }
        // A port scan is not worth a notice.
        guard connection.pointee.input.isEmpty else { return fail(connection, Self.noHandshake) }
        shared.connections.failedHandshakes.count()
        close(connection)
    }

    private static let noHandshake = "it sent no whole ZMTP handshake"

    private func misfit(_ type: String) -> String {
        "its socket type \(type)does not fit pattern \(configuration.pattern.rawValue),"
            + " which is for \(configuration.pattern.peers)"
    }

    /// Closes a connection, whose state is gone then.
    mutating func close(_ connection: Connection.Pointer) {
        let number = connection.pointee.id.number
        if reading.buffer.forget(number), lane.isHolding { lane.stopHolding() }
        if !connection.pointee.hold.isDisjoint(with: .waiting) { turns.forget(number) }
        if connection.pointee.isOpen {
            connection.pointee.producer.disconnect()
            door.partialBytes -= connection.pointee.inputCapacity
        } else {
            door.finish(handshakeOf: number, from: connection.pointee.host)
        }
        if connection.pointee.output.isFull { door.unsent -= 1 }
        connections.remove(connection)
        shared.connections.disconnects.count()
        shared.peers.store(connections.count, ordering: .relaxed)
    }

    mutating func tell(
        _ kind: PeerNotice.Kind,
        of connection: Connection.Pointer,
        _ detail: String
    ) {
        if connection.pointee.isOpen { connection.pointee.producer.note(refusal: kind.rawValue) }
        tell(kind, of: connection.pointee.id.name, host: connection.pointee.host, detail)
    }

    /// `host`: notices are counted by it; nil for the peer itself.
    private mutating func tell(
        _ kind: PeerNotice.Kind,
        of peer: String,
        host: String? = nil,
        _ detail: String
    ) {
        notices.add(PeerNotice(kind, peer: peer, detail: detail), host: host ?? peer, at: now)
    }

    // MARK: - Every second

    /// Looks after connections that are silent, and after the endpoints, once a second.
    mutating func tend() {
        guard door.isDue(at: now) else { return }
        let isRead = isReading
        for number in connections.numbers {
            guard let connection = connections[number] else { continue }
            if connection.pointee.isOpen {
                tend(connection, isRead: isRead && connection.pointee.hold.isEmpty)
            } else if now - connection.pointee.id.since >= Self.handshakeNanoseconds {
                fail(connection, "\(Self.noHandshake) in 3 s")
            }
        }
        door.resume(in: connections, at: now)
        if let problem = door.fileProblem(at: now) {
            shared.problem.withLock { $0 = problem }
            tell(.socketFileGone, of: problem, "producers cannot connect any more")
        }
    }

    /// Ends the connections of keys that were removed, when the keys have changed.
    mutating func lookAtKeys() {
        guard let keys = configuration.keys, door.hasNewKeys(keys) else { return }
        for number in connections.numbers {
            guard let connection = connections[number],
                let (key, producer) = connection.pointee.keyAndProducer,
                keys.name(of: key) != producer
            else { continue }
            tell(.keyRemoved, of: connection, "the key of producer \(producer)")
            close(connection)
        }
    }

    private mutating func tend(_ connection: Connection.Pointer, isRead: Bool) {
        connection.pointee.output.bytes.trim()
        let presence = connection.pointee.presence
        guard presence.hasCommands else { return }
        guard isRead else {
            // What it sends is not looked at now.
            connection.pointee.presence.heardAt = now
            return
        }
        let silence = now - presence.heardAt
        if silence >= presence.silenceMax {
            shared.connections.timedOut.count()
            tell(.timedOut, of: connection, "nothing came from it for \(silence / 1_000_000_000) s")
            close(connection)
        } else if silence >= Self.pingNanoseconds, presence.pingedAt < presence.heardAt {
            connection.pointee.presence.pingedAt = now
            Heartbeat.ping().withUnsafeBytes { connection.pointee.append($0, isCommand: true) }
            connections.list(connection)
        }
    }
}

extension ListenerConfiguration.Pattern {
    /// The sockets that it accepts, for operators.
    var peers: String {
        switch self {
        case .pull: "PUSH"
        case .router: "DEALER and REQ"
        }
    }
}
