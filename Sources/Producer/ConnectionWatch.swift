import ZeroMQ

/// Observes the connections of a socket.
struct ConnectionWatch: ~Copyable {
    private static var endpoint: String { "inproc://sender-monitor" }

    /// Readable when ``look()`` has an event to process.
    let monitor: Socket
    private var message: Message
    /// Connections established so far.
    private(set) var made = 0
    /// Connections lost so far.
    private(set) var lost = 0
    /// Whether the latest event was an established connection.
    private(set) var isUp = false
    /// Whether the socket is closed and everything it had to send is sent.
    private(set) var hasEnded = false

    /// Watches `socket`, which is neither bound nor connected yet.
    init(_ socket: borrowing Socket, in context: Context) throws(ZeroMQError) {
        try socket.monitor(
            Self.endpoint,
            events: [.handshakeSucceeded, .disconnected, .monitorStopped]
        )
        let monitor = try Socket(.pair, in: context)
        try monitor.setLinger(.zero)
        try monitor.connect(Self.endpoint)
        self.monitor = monitor
        message = Message()
    }

    /// Processes the pending events; returns true if a new connection was established.
    mutating func look() throws(ZeroMQError) -> Bool {
        var isNew = false
        while let event = try MonitorEvent.receive(from: monitor, using: &message) {
            switch event.kind {
            case .handshakeSucceeded:
                made += 1
                isUp = true
                isNew = true
            case .disconnected:
                // An attempt that ended before the handshake is not a connection.
                if isUp { lost += 1 }
                isUp = false
            default: hasEnded = true
            }
        }
        return isNew
    }
}
