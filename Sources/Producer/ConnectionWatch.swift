import ZeroMQ

/// Tells when the connections of a socket come and go.
struct ConnectionWatch: ~Copyable {
    private static var endpoint: String { "inproc://sender-monitor" }

    /// Readable when there is something to ``look()`` at.
    let monitor: Socket
    private var message: Message
    /// Connections that were made.
    private(set) var made = 0
    /// Connections that were lost.
    private(set) var lost = 0
    /// Whether the latest news was that a connection stands.
    private(set) var isUp = false
    /// Whether the socket is gone, with all that it had to send.
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

    /// Takes the news; true when a connection stands that did not before.
    mutating func look() throws(ZeroMQError) -> Bool {
        var isNew = false
        while let event = try MonitorEvent.receive(from: monitor, using: &message) {
            switch event.kind {
            case .handshakeSucceeded:
                made += 1
                isUp = true
                isNew = true
            case .disconnected:
                // An attempt that was broken off before anything was agreed is none.
                if isUp { lost += 1 }
                isUp = false
            default: hasEnded = true
            }
        }
        return isNew
    }
}
