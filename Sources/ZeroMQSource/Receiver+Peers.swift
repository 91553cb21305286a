import Glibc
import Intake
import Platform
import Synchronization
import Wire
import ZeroMQ

/// Connects and disconnects of peers, as the socket's monitor reports them.
extension Receiver {
    /// Reads the monitor and checks connections when it is time; called every round.
    mutating func tend() throws(ZeroMQError) {
        let now = SystemClock.monotonicNanoseconds
        guard watch.isTimeToTend(now) else { return }
        if watch.wasEmptied { table.settle() }
        try watchPeers()
        if watch.isTimeToLook(now) { look(at: now) }
    }

    @inline(never)
    mutating func watchPeers() throws(ZeroMQError) {
        while let event = try MonitorEvent.receive(from: sockets.monitor, using: &scratch) {
            let now = SystemClock.monotonicNanoseconds
            switch event.kind {
            case .accepted, .connected: begin(event, at: now)
            case .disconnected: end(Int32(truncatingIfNeeded: event.value), at: now)
            case .handshakeSucceeded:
                for number in watch.handshakes.becomeReady() {
                    table.change(number) { $0.isReady = true }
                }
            case .connectDelayed: watch.reach.attempt(event.endpoint)
            case .connectRetried: retry(event.endpoint)
            case .acceptFailed:
                tell(.refused, of: event.endpoint, "not accepted: \(text(of: event.value))")
            default:
                watch.handshakes.fail(.init(code: Int32(truncatingIfNeeded: event.value)))
            }
        }
    }

    /// Returns a connection's number when its messages precede its monitor event; 0 if none.
    @inline(never)
    mutating func numberOfNewcomer() throws(ZeroMQError) -> UInt16 {
        try watchPeers()
        return table.number(of: message.sourceDescriptor ?? -1)
    }

    /// Notes the first message of a connection.
    @inline(never)
    mutating func meet(_ number: UInt16) {
        guard number != 0 else { return }
        watch.handshakes.becomeReady(number)
        // Names that the router assigns begin with a zero.
        let name = address.routingID.first.map { $0 != 0 } == true ? Array(address.routingID) : nil
        table.change(number) {
            $0.isReady = true
            $0.isMuted = false
            $0.routingID = name
        }
    }

    private mutating func begin(_ event: MonitorEvent, at now: Int64) {
        shared.connections.connects.count()
        if event.kind == .connected {
            watch.reach.connected()
            showProblem()
        }
        guard let connection = table.add(Int32(truncatingIfNeeded: event.value), at: now) else {
            return
        }
        shared.peers.store(table.count, ordering: .relaxed)
        shared.peerBook.begin(connection.number, name: connection.name)
        watch.handshakes.begin(connection.number)
        guard event.kind == .accepted, table.count > configuration.connectionsMax else { return }
        table.cut(connection.number)
        shared.connections.refused.count()
        tell(
            .refused,
            of: connection,
            "the source has \(configuration.connectionsMax) connections, the most it may have"
        )
    }

    private mutating func end(_ descriptor: Int32, at now: Int64) {
        let number = table.number(of: descriptor)
        let handshake = watch.handshakes.end(number)
        guard let connection = table.connections[number] else { return }
        shared.connections.disconnects.count()
        if !connection.isCut {
            explainEnd(of: connection, isPending: handshake.isPending, handshake.failure)
        }
        _ = table.remove(descriptor)
        shared.peers.store(table.count, ordering: .relaxed)
        if let id = connection.routingID {
            watch.freed = (id, now)
            release(at: now)
        }
    }

    private mutating func explainEnd(
        of connection: Connection,
        isPending: Bool,
        _ failure: PeerWatch.MonitorFailure?
    ) {
        let kernel = connection.kernel
        if isPending {
            shared.connections.failedHandshakes.count()
            guard let kernel else {
                return tell(
                    .handshakeFailed,
                    of: connection,
                    "it ended at once: it does not speak ZMTP 3, or "
                        + socketTypeText
                )
            }
            // A port scan is not worth a notice.
            guard kernel.bytesRead > 0 || !kernel.countsBytes else { return }
            tell(
                .handshakeFailed,
                of: connection,
                handshakeText(of: kernel, connection: connection, failure: failure)
            )
        } else if let kernel, !connection.peerHasLeft {
            if kernel.silentMilliseconds >= 14_000 {
                shared.connections.timedOut.count()
                tell(
                    .timedOut,
                    of: connection,
                    "nothing came from it for \(kernel.silentMilliseconds / 1_000) s"
                )
            } else {
                shared.connections.violations.count()
                tell(
                    .violation,
                    of: connection,
                    "a frame longer than limits.message, \(configuration.messageBytesMax) bytes,"
                        + " or bytes that are no ZMTP"
                )
            }
        }
    }

    private func handshakeText(
        of kernel: StreamConnection,
        connection: Connection,
        failure: PeerWatch.MonitorFailure?
    ) -> String {
        // A greeting has 64 bytes.
        if kernel.countsBytes, kernel.bytesRead <= 64 {
            return failure?.code == EAGAIN || connection.peerHasLeft
                ? "it sent no whole ZMTP 3 greeting"
                : "it does not speak ZMTP 3"
        }
        return socketTypeText
    }

    private var socketTypeText: String {
        "its socket type does not fit pattern \(configuration.pattern.rawValue),"
            + " which is for \(configuration.pattern.peers)"
    }

    private mutating func retry(_ endpoint: String) {
        let reason = watch.reach.retry(endpoint)
        showProblem()
        tell(.unreachable, of: endpoint, reason)
    }

    func showProblem() {
        let text = watch.reach.text
        shared.problem.withLock { $0 = text }
    }

    private func text(of code: UInt32) -> String {
        String(cString: strerror(Int32(truncatingIfNeeded: code)))
    }

    mutating func tell(_ kind: PeerNotice.Kind, of connection: Connection, _ detail: String) {
        tell(kind, of: connection.name, detail, host: connection.host)
    }

    mutating func tell(
        _ kind: PeerNotice.Kind,
        of peer: String,
        _ detail: String,
        host: String? = nil
    ) {
        let now = SystemClock.monotonicNanoseconds
        let notice = PeerNotice(kind, peer: peer, detail: detail)
        watch.notices.add(notice, host: host ?? peer, at: now)
    }

    /// Notices for operators since the last call.
    package mutating func takeNotices() -> [PeerNotice] {
        watch.notices.take()
    }
}

extension SourceConfiguration.Pattern {
    /// The sockets that it accepts, for operators.
    var peers: String {
        switch self {
        case .pull: "PUSH"
        case .sub: "PUB"
        case .router: "DEALER and REQ"
        }
    }
}
