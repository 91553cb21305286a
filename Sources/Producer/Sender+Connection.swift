import Glibc
import ZeroMQ

extension Sender {
    /// A socket of the configured kind, connected or bound.
    func openSocket(in context: Context) throws(ZeroMQError) -> Socket {
        let socket = try Socket(configuration.pattern.socketPattern, in: context)
        // What is in the queue at the end still goes out, as long as there is patience.
        try socket.setLinger(configuration.timeout)
        try socket.setSendTimeout(.milliseconds(100))
        try socket.setReconnectInterval(first: .milliseconds(50), longest: .seconds(1))
        if configuration.pattern == .pub {
            // A pub socket drops what does not fit its queue; it shall not drop here.
            try socket.setSendHighWaterMark(0)
        }
        try socket.monitor(Self.monitorEndpoint, events: .handshakeSucceeded)
        if configuration.binds {
            try socket.bind(configuration.endpoint)
        } else {
            try socket.connect(configuration.endpoint)
        }
        return socket
    }

    /// Waits until the first peer is there; false when interrupted before.
    func awaitPeer(of socket: borrowing Socket, in context: Context) throws -> Bool {
        let monitor = try Socket(.pair, in: context)
        try monitor.connect(Self.monitorEndpoint)
        var poll = PollSet(capacity: 1)
        poll.add(monitor)
        while try MonitorEvent.receive(from: monitor) == nil {
            if interrupted() { return false }
            guard now < configuration.timeout else {
                try socket.setLinger(.zero)
                throw ProducerError.unreachable(
                    endpoint: configuration.endpoint,
                    after: configuration.timeout
                )
            }
            try poll.wait(timeout: 50)
        }
        try socket.stopMonitor()
        if configuration.pattern == .pub {
            // The subscription follows the handshake, and nothing tells when it has arrived.
            usleep(200_000)
        }
        return true
    }

    private static var monitorEndpoint: String { "inproc://sender-monitor" }
}

extension Sender.Configuration.Pattern {
    /// The socket for it.
    fileprivate var socketPattern: Socket.Pattern {
        switch self {
        case .push: .push
        case .dealer: .dealer
        case .pub: .pub
        }
    }
}
