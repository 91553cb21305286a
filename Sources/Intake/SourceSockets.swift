import ZeroMQ

extension SourceConfiguration.Pattern {
    var socket: Socket.Pattern {
        switch self {
        case .pull: .pull
        case .sub: .sub
        case .router: .router
        }
    }
}

/// A source's socket with what belongs to it.
struct SourceSockets: ~Copyable {
    let socket: Socket
    /// Reports peers coming and going.
    ///
    /// The receiver's own thread reads it in the same poll: an unread monitor would stop the socket
    /// after some hundred connections.
    let monitor: Socket
    /// Endpoints as libzmq names them, with assigned ports.
    let bound: [String]
    private let locks: [EndpointLock]

    /// Answers queued for one peer before more are dropped: its client retries.
    private static let answersMax = 100_000

    private init(
        socket: consuming Socket,
        monitor: consuming Socket,
        bound: [String],
        locks: [EndpointLock]
    ) {
        self.socket = socket
        self.monitor = monitor
        self.bound = bound
        self.locks = locks
    }

    /// Makes, binds and connects; what fails says which source and endpoint.
    static func open(
        _ configuration: SourceConfiguration,
        index: Int,
        in context: Context
    ) throws(IntakeError) -> SourceSockets {
        let locks = try lock(configuration)
        do throws(ZeroMQError) {
            let socket = try Socket(configuration.pattern.socket, in: context)
            try setOptions(socket, configuration)
            let monitor = try makeMonitor(of: socket, index, context)
            var bound: [String] = []
            for endpoint in configuration.bind {
                try socket.bind(endpoint)
                bound.append(try socket.lastEndpoint)
            }
            for endpoint in configuration.connect { try socket.connect(endpoint) }
            return SourceSockets(socket: socket, monitor: monitor, bound: bound, locks: locks)
        } catch {
            throw IntakeError("source '\(configuration.name)': \(error)")
        }
    }

    private static func lock(
        _ configuration: SourceConfiguration
    ) throws(IntakeError) -> [EndpointLock] {
        var locks: [EndpointLock] = []
        for endpoint in configuration.bind {
            if let lock = try EndpointLock(endpoint: endpoint) { locks.append(lock) }
        }
        return locks
    }

    private static func setOptions(
        _ socket: borrowing Socket,
        _ configuration: SourceConfiguration
    ) throws(ZeroMQError) {
        try socket.setReceiveHighWaterMark(configuration.highWaterMark)
        try socket.setMessageBytesMax(Int64(configuration.messageBytesMax))
        try socket.setHandshakeInterval(.seconds(3))
        try socket.setLinger(.seconds(2))
        switch configuration.pattern {
        case .pull: break
        case .sub:
            for topic in configuration.topics { try socket.subscribe(topic) }
        case .router:
            try socket.setSendHighWaterMark(answersMax)
            // Without it libzmq drops what it cannot send, and nobody could count it.
            try socket.setRouterMandatory(true)
        }
    }

    private static func makeMonitor(
        of socket: borrowing Socket,
        _ index: Int,
        _ context: Context
    ) throws(ZeroMQError) -> Socket {
        let endpoint = "inproc://monitor-\(index)"
        try socket.monitor(endpoint, events: [.accepted, .connected, .disconnected])
        let monitor = try Socket(.pair, in: context)
        try monitor.connect(endpoint)
        return monitor
    }
}
