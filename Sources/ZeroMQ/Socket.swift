import CZeroMQ

/// A libzmq socket, thin enough for the hot path: receiving and sending allocate nothing.
///
/// One thread uses it from creation to end; another thread stops its blocking calls with
/// ``Context/shutdown()``. The end closes the socket; messages not yet handed to the network then
/// linger in the context, as long as ``setLinger(_:)`` allows.
package struct Socket: ~Copyable {
    /// The messaging pattern of a socket; see zmq_socket(3).
    package enum Pattern: Sendable {
        case pull, push, sub, pub, router, dealer, req, rep, pair
    }

    /// The libzmq socket, for ``PollSet``.
    ///
    /// Copies of it must not outlive the socket.
    package let handle: UnsafeMutableRawPointer
    /// The messaging pattern that the socket was created with.
    package let pattern: Pattern
    private let context: Context

    /// Creates a socket that is neither bound nor connected.
    ///
    /// Set options first: most apply only to later `bind` and `connect` calls.
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
    /// Binding an ipc path that is in use takes it over; it is no error.
    package func bind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_bind(handle, endpoint) == 0 else { throw .last("bind", endpoint) }
    }

    /// Connects in the background, retrying without limit: a missing listener is no error.
    package func connect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_connect(handle, endpoint) == 0 else { throw .last("connect", endpoint) }
    }

    /// Stops listening on `endpoint`, spelled as ``lastEndpoint`` returned it.
    ///
    /// Connections stay open.
    package func unbind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_unbind(handle, endpoint) == 0 else { throw .last("unbind", endpoint) }
    }

    /// Ends the connection that ``connect(_:)`` made to `endpoint`.
    package func disconnect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_disconnect(handle, endpoint) == 0 else { throw .last("disconnect", endpoint) }
    }

    /// The endpoint of the latest `bind` or `connect`, with the port that the system assigned.
    package var lastEndpoint: String {
        get throws(ZeroMQError) {
            guard let endpoint = boundOrConnected else { throw .last("get", "ZMQ_LAST_ENDPOINT") }
            return endpoint
        }
    }

    /// The subject of send and receive errors: the endpoint, or the socket's pattern before any.
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
