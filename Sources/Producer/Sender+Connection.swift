import Glibc
import Wire
import ZeroMQ

extension Sender {
    /// Creates a socket of the configured kind, neither bound nor connected.
    func makeSocket(in context: Context) throws -> Socket {
        let socket = try Socket(configuration.pattern.socketPattern, in: context)
        if let curve = configuration.curve { try encrypt(socket, with: curve) }
        try socket.setSendTimeout(.milliseconds(100))
        // Delays stay short, so that a restart of the collector costs little more than itself.
        try socket.setReconnectInterval(first: .milliseconds(50), longest: .milliseconds(200))
        switch configuration.pattern {
        case .push:
            // After the end the queue is still sent, until the timeout.
            try socket.setLinger(configuration.timeout)
        case .pub:
            try socket.setLinger(configuration.timeout)
            // A pub socket drops what exceeds its queue; without a limit it drops nothing.
            try socket.setSendHighWaterMark(0)
        case .dealer:
            // Unanswered messages are kept here. A lost connection discards its queue too, so that
            // nothing is sent twice when all of it is resent.
            try socket.setLinger(.zero)
            try socket.setImmediate(true)
            try socket.setSendHighWaterMark(max(1000, configuration.window))
        }
        return socket
    }

    private func encrypt(
        _ socket: borrowing Socket,
        with curve: CurveCredentials
    ) throws {
        guard Context.hasCurve else {
            throw ProducerError.noCurve(library: Context.libraryVersion)
        }
        try curve.serverKey.withUnsafeBytes { server in
            try curve.keys.publicKey.withUnsafeBytes { own in
                try curve.keys.withSecret { secret in
                    try socket.setCurveClient(serverKey: server, publicKey: own, secretKey: secret)
                }
            }
        }
    }

    /// Binds or connects the socket.
    func attach(_ socket: borrowing Socket) throws(ZeroMQError) {
        if configuration.binds {
            try socket.bind(configuration.endpoint)
        } else {
            try socket.connect(configuration.endpoint)
        }
    }

    /// Waits for the first peer; returns false if interrupted before.
    func awaitPeer(
        of socket: borrowing Socket,
        using watch: inout ConnectionWatch
    ) throws -> Bool {
        var poll = PollSet(capacity: 1)
        poll.add(watch.monitor)
        while try !watch.look() {
            if interrupted() { return false }
            guard now < configuration.timeout else {
                try socket.setLinger(.zero)
                throw unreachable
            }
            try poll.wait(timeout: 50)
        }
        if configuration.pattern == .pub {
            // The subscription follows the handshake, and no event reports its arrival.
            usleep(200_000)
        }
        return true
    }

    private var unreachable: ProducerError {
        guard let curve = configuration.curve else {
            return .unreachable(endpoint: configuration.endpoint, after: configuration.timeout)
        }
        return .notAdmitted(
            endpoint: configuration.endpoint,
            after: configuration.timeout,
            key: curve.keys.publicKey
        )
    }

    /// Closes the socket, and waits until everything in its queue is sent.
    func awaitHandedOver(
        _ socket: consuming Socket,
        using watch: inout ConnectionWatch
    ) throws {
        let handedOver = now
        _ = consume socket
        var poll = PollSet(capacity: 1)
        poll.add(watch.monitor)
        while !watch.hasEnded {
            _ = try watch.look()
            guard now - handedOver < configuration.timeout else {
                throw ProducerError.stalled(
                    endpoint: configuration.endpoint,
                    after: configuration.timeout,
                    waitingFor: "the rest of the queue to go out"
                )
            }
            if !watch.hasEnded { try poll.wait(timeout: 50) }
        }
        guard watch.lost == 0 else {
            throw ProducerError.brokenOff(
                endpoint: configuration.endpoint,
                times: watch.lost,
                longestMessage: longestMessage
            )
        }
    }
}

extension Sender.Configuration.Pattern {
    /// The ZeroMQ pattern.
    fileprivate var socketPattern: Socket.Pattern {
        switch self {
        case .push: .push
        case .dealer: .dealer
        case .pub: .pub
        }
    }
}
