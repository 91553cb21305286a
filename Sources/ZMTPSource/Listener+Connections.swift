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
                notices.tell(
                    .refused,
                    of: door.endpoints.names[endpoint],
                    at: now,
                    "not accepted: \(cause)"
                )
                return door.pause(endpoint, in: connections, until: now + 1_000_000_000)
            }
            admit(descriptor)
        }
    }

    private mutating func admit(_ descriptor: Int32) {
        let name = StreamConnection.peerName(descriptor)
        let host = Connection.host(of: name)
        shared.connections.connects.count()
        if let reason = door.refusal(
            descriptor,
            of: host,
            present: connections.count,
            connectionsMax: configuration.connectionsMax
        ) {
            shared.connections.refused.count()
            shared.connections.disconnects.count()
            notices.tell(.refused, of: name, host: host, at: now, reason)
            Glibc.close(descriptor)
            return
        }
        StreamSocket.tune(descriptor)
        if isRouter { StreamSocket.setSendBuffer(descriptor, bytes: Self.sendBufferBytes) }
        let type: ListenerType = isRouter ? .router : .pull
        let now = self.now
        let number = connections.add(descriptor) { serial in
            Connection(
                descriptor: descriptor,
                serial: serial,
                name: name.isEmpty ? "unknown" : name,
                since: now,
                stage: .handshake(Handshake(type)),
                heardAt: now,
                silenceMax: Self.silenceNanoseconds
            )
        }
        guard let number, let connection = connections[number] else {
            shared.connections.disconnects.count()
            Glibc.close(descriptor)
            return
        }
        door.handshakes[host, default: 0] += 1
        shared.peerNames.set(connection.pointee.name, of: number)
        shared.peers.store(connections.count, ordering: .relaxed)
        Handshake(type).begin(sending: &connection.pointee.output)
        list(number, connection)
    }

    /// Continues a connection's handshake with the bytes in its socket.
    ///
    /// Reads nothing beyond it: messages wait in the socket until intake takes them.
    mutating func shakeHands(_ number: UInt16, _ connection: UnsafeMutablePointer<Connection>) {
        while case .handshake(var handshake) = connection.pointee.stage {
            let missing = handshake.missing(after: connection.pointee.input.bytes)
            let count = StreamSocket.receive(
                connection.pointee.descriptor,
                into: connection.pointee.input.room(missing)
            )
            guard count > 0 else {
                if count != -EAGAIN { end(number) }
                return
            }
            connection.pointee.input.added(count)
            let (taken, step) = handshake.advance(
                connection.pointee.input.bytes,
                sending: &connection.pointee.output
            )
            connection.pointee.input.removeFirst(taken)
            connection.pointee.stage = .handshake(handshake)
            if !connection.pointee.output.isEmpty { list(number, connection) }
            switch step {
            case .waiting: break
            case .done(let peer): open(number, connection, peer)
            case .failed(let fault): return fail(number, text(of: fault))
            }
        }
    }

    private mutating func open(
        _ number: UInt16,
        _ connection: UnsafeMutablePointer<Connection>,
        _ peer: WirePeer
    ) {
        door.finish(handshakeOf: connection.pointee.host)
        connection.pointee.stage = .open(peer)
        connection.pointee.input.trim()
        connection.pointee.heardAt = now
        connections.setWaking(number, watchesEnd: isRouter)
        if !connections.beginReading(number) { close(number) }
    }

    private mutating func fail(_ number: UInt16, _ detail: String) {
        shared.connections.failedHandshakes.count()
        tell(.handshakeFailed, number, detail)
        close(number)
    }

    private func text(of fault: HandshakeFault) -> String {
        switch fault {
        case .notZMTP: "it does not speak ZMTP 3 or 2"
        case .unprotected: "it speaks ZMTP 2, which has no security"
        case .mechanism(let name):
            "it asks for the mechanism '\(Self.shown(name))', the source has NULL"
        case .socketType(let type): misfit("\(Self.shown(type)) ")
        case .malformed: Self.noHandshake
        case .endedByPeer: "it ended the handshake with an error"
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
    mutating func end(_ number: UInt16) {
        guard let connection = connections[number] else { return }
        guard case .handshake(let handshake) = connection.pointee.stage else {
            return close(number)
        }
        if handshake.isGreeted { return fail(number, misfit("")) }
        // A port scan is not worth a notice.
        guard connection.pointee.input.isEmpty else { return fail(number, Self.noHandshake) }
        shared.connections.failedHandshakes.count()
        close(number)
    }

    private static let noHandshake = "it sent no whole ZMTP handshake"

    private func misfit(_ type: String) -> String {
        "its socket type \(type)does not fit pattern \(configuration.pattern.rawValue),"
            + " which is for \(configuration.pattern.peers)"
    }

    mutating func close(_ number: UInt16) {
        guard let connection = connections[number] else { return }
        if buffer.forget(number), lane.isHolding { lane.stopHolding() }
        if connection.pointee.isOpen {
            door.partialBytes -= connection.pointee.input.byteCapacity
        } else {
            door.finish(handshakeOf: connection.pointee.host)
        }
        if connection.pointee.isFull { door.unsent -= 1 }
        connections.remove(number)
        shared.connections.disconnects.count()
        shared.peers.store(connections.count, ordering: .relaxed)
    }

    mutating func tell(_ kind: PeerNotice.Kind, _ number: UInt16, _ detail: String) {
        guard let connection = connections[number] else { return }
        let name = connection.pointee.name
        notices.tell(kind, of: name, host: Connection.host(of: name), at: now, detail)
    }

    // MARK: - Every second

    /// Looks after connections that are silent, and after the endpoints, once a second.
    mutating func tend() {
        guard door.isDue(at: now) else { return }
        let isRead = isReading
        for number in connections.numbers {
            guard let connection = connections[number] else { continue }
            if connection.pointee.isOpen {
                tend(number, connection, isRead: isRead && connection.pointee.hold.isEmpty)
            } else if now - connection.pointee.since >= Self.handshakeNanoseconds {
                fail(number, "\(Self.noHandshake) in 3 s")
            }
        }
        door.resume(in: connections, at: now)
        if let problem = door.fileProblem(at: now) {
            shared.problem.withLock { $0 = problem }
            notices.tell(
                .socketFileGone,
                of: problem,
                at: now,
                "producers cannot connect any more"
            )
        }
    }

    private mutating func tend(
        _ number: UInt16,
        _ connection: UnsafeMutablePointer<Connection>,
        isRead: Bool
    ) {
        connection.pointee.output.trim()
        guard case .open(let peer) = connection.pointee.stage, peer.hasCommands else { return }
        guard isRead else {
            // What it sends is not looked at now.
            connection.pointee.heardAt = now
            return
        }
        let silence = now - connection.pointee.heardAt
        if silence >= connection.pointee.silenceMax {
            shared.connections.timedOut.count()
            tell(.timedOut, number, "nothing came from it for \(silence / 1_000_000_000) s")
            close(number)
        } else if silence >= Self.pingNanoseconds,
            connection.pointee.pingedAt < connection.pointee.heardAt
        {
            connection.pointee.pingedAt = now
            Heartbeat.ping().withUnsafeBytes {
                connection.pointee.output.appendFrame($0, isCommand: true)
            }
            list(number, connection)
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
