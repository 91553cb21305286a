import CZeroMQ

/// A libzmq socket, thin enough for the hot path: receiving and sending allocate nothing.
///
/// One thread uses it, from its creation to its end; ``Context/shutdown()`` is how another thread
/// stops a call that blocks. Its end closes the socket; what was sent and not yet handed to the
/// network then lingers in the context, as long as ``setLinger(_:)`` allows.
package struct Socket: ~Copyable {
    /// What the socket does with messages; see zmq_socket(3).
    package enum Pattern: Sendable {
        case pull, push, sub, pub, router, dealer, req, rep, pair
    }

    /// The libzmq socket, for ``PollSet``.
    ///
    /// Whoever takes it must not outlive the socket.
    package let handle: UnsafeMutableRawPointer
    /// What the socket was made for.
    package let pattern: Pattern
    private let context: Context

    /// Makes a socket that is neither bound nor connected.
    ///
    /// Set options first: most count only for the `bind` and `connect` calls that follow.
    package init(_ pattern: Pattern, in context: Context) throws(ZeroMQError) {
        guard let handle = zmq_socket(context.handle, pattern.type) else {
            throw .last("create", "\(pattern) socket")
        }
        self.handle = handle
        self.pattern = pattern
        self.context = context
    }

    deinit {
        zmq_close(handle)
    }

    /// Listens on `endpoint`: `tcp://127.0.0.1:5571`, `tcp://127.0.0.1:*` (see ``lastEndpoint``),
    /// `ipc:///run/x.sock`, `inproc://name`.
    ///
    /// An ipc path that is in use is taken over, not refused.
    package func bind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_bind(handle, endpoint) == 0 else { throw .last("bind", endpoint) }
    }

    /// Connects in the background and for ever: nobody listening there yet is no error.
    package func connect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_connect(handle, endpoint) == 0 else { throw .last("connect", endpoint) }
    }

    /// Stops listening on `endpoint`, spelled as ``lastEndpoint`` gave it.
    ///
    /// Connections stay.
    package func unbind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_unbind(handle, endpoint) == 0 else { throw .last("unbind", endpoint) }
    }

    /// Ends the connection that ``connect(_:)`` made to `endpoint`.
    package func disconnect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_disconnect(handle, endpoint) == 0 else { throw .last("disconnect", endpoint) }
    }

    /// The endpoint of the latest `bind` or `connect`, with the port the system assigned.
    package var lastEndpoint: String {
        get throws(ZeroMQError) {
            guard let endpoint = boundOrConnected else { throw .last("get", "ZMQ_LAST_ENDPOINT") }
            return endpoint
        }
    }

    /// What errors of receiving and sending name: the endpoint, or the kind of socket before any.
    var subject: String {
        guard let endpoint = boundOrConnected, !endpoint.isEmpty else { return "\(pattern) socket" }
        return endpoint
    }

    private var boundOrConnected: String? {
        let capacity = 1024
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            var size = capacity
            guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, buffer.baseAddress, &size) == 0,
                let text = buffer.baseAddress
            else { return nil }
            return String(cString: text)
        }
    }
}

extension Socket.Pattern {
    /// libzmq's number for the pattern.
    var type: Int32 {
        switch self {
        case .pull: ZMQ_PULL
        case .push: ZMQ_PUSH
        case .sub: ZMQ_SUB
        case .pub: ZMQ_PUB
        case .router: ZMQ_ROUTER
        case .dealer: ZMQ_DEALER
        case .req: ZMQ_REQ
        case .rep: ZMQ_REP
        case .pair: ZMQ_PAIR
        }
    }
}
