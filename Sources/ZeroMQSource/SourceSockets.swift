import Intake
import Platform
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

/// A source's socket, with its monitor and its files.
struct SourceSockets: ~Copyable {
    let socket: Socket
    /// Reports connects and disconnects of peers.
    ///
    /// The receiver's own thread reads it in the same poll: an unread monitor would block the
    /// socket after some hundred connections.
    let monitor: Socket
    /// Endpoints as libzmq names them, with assigned ports.
    let bound: [String]
    private let locks: [EndpointLock]
    /// The files of Unix sockets, as they were bound.
    private let files: [SocketFile]

    /// Answers queued for one peer before more are dropped: its client retries.
    ///
    /// That many typical ones are a mebibyte; for larger ones ``ConnectionTable`` accepts fewer.
    private static let answersMax = 4_096
    /// Connections that may wait to be accepted.
    private static let backlog = 4_096
    /// The kernel's send buffer per peer; libzmq's own queue is additional.
    private static let sendBufferBytes = 128 << 10

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
        files = bound.compactMap(SocketFile.init)
    }

    /// What is wrong with a Unix socket's file; nil if nothing is.
    var missingFile: String? {
        for file in files {
            guard let now = SocketFile(endpoint: file.endpoint) else {
                return "\(file.endpoint): the socket's file is gone; restart touchpointd"
            }
            if now != file {
                return "\(file.endpoint): the socket's file is another's; restart touchpointd"
            }
        }
        return nil
    }

    /// Makes, binds and connects the socket; an error names the source and the endpoint.
    static func open(
        _ configuration: SourceConfiguration,
        index: Int,
        in context: Context
    ) throws(IntakeError) -> SourceSockets {
        let locks = try lock(configuration)
        do throws(ZeroMQError) {
            // A router numbers nameless peers from rand(3) on, which is the same in every process.
            SystemProcess.seedRand()
            let socket = try Socket(configuration.pattern.socket, in: context)
            try setOptions(socket, configuration)
            let monitor = try makeMonitor(of: socket, index, context)
            var bound: [String] = []
            for endpoint in configuration.bind {
                try socket.setIPv6(isIPv6(endpoint))
                try socket.bind(endpoint)
                bound.append(try socket.lastEndpoint)
            }
            for endpoint in configuration.connect {
                try socket.setIPv6(isIPv6(endpoint))
                try socket.connect(endpoint)
            }
            return SourceSockets(socket: socket, monitor: monitor, bound: bound, locks: locks)
        } catch {
            throw IntakeError("source '\(configuration.name)': \(error)")
        }
    }

    /// Whether the endpoint is IPv6: only those addresses have brackets.
    private static func isIPv6(_ endpoint: String) -> Bool { endpoint.hasPrefix("tcp://[") }

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
        try socket.setBacklog(backlog)
        try socket.setKeepAlive(
            idle: .seconds(15),
            interval: .seconds(5),
            count: 3,
            unconfirmed: .seconds(20)
        )
        try socket.setAuthenticationDomain(HandshakeGate.domain)
        switch configuration.pattern {
        case .pull: break
        case .sub:
            for topic in configuration.topics { try socket.subscribe(topic) }
        case .router:
            try socket.setSendHighWaterMark(answersMax)
            try socket.setSendBuffer(bytes: sendBufferBytes)
            // Not for the others: libzmq mistakes a producer under back-pressure for a dead one,
            // and its messages would be lost. A router's producers resend them.
            try socket.setHeartbeat(interval: .seconds(5), timeout: .seconds(15))
            // Without it libzmq silently drops what it cannot send, and nothing could count it.
            try socket.setRouterMandatory(true)
        }
    }

    private static func makeMonitor(
        of socket: borrowing Socket,
        _ index: Int,
        _ context: Context
    ) throws(ZeroMQError) -> Socket {
        let endpoint = "inproc://monitor-\(index)"
        let events: MonitorEvents = [
            .accepted, .connected, .disconnected, .acceptFailed, .connectDelayed, .connectRetried,
            .handshakeSucceeded, .handshakeFailed,
        ]
        try socket.monitor(endpoint, events: events)
        let monitor = try Socket(.pair, in: context)
        try monitor.connect(endpoint)
        return monitor
    }
}

/// The file of a Unix socket, distinguished from others of the same name.
private struct SocketFile: Equatable {
    let endpoint: String
    private let identity: FileIdentity

    /// Nil if the endpoint has no file, or its file does not exist.
    init?(endpoint: String) {
        guard endpoint.hasPrefix("ipc://") else { return nil }
        let path = String(endpoint.dropFirst("ipc://".count))
        guard let identity = FileIdentity(path: path) else { return nil }
        self.endpoint = endpoint
        self.identity = identity
    }
}
