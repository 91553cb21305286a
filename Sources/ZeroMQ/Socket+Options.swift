import CZeroMQ

/// The socket options, named after their effect.
///
/// Unless documented otherwise an option applies to later `bind` and `connect` calls. Values
/// outside an option's range are clamped to it.
extension Socket {
    /// Messages queued per peer before the socket stops reading from it; 0 means no limit.
    package func setReceiveHighWaterMark(_ messages: Int) throws(ZeroMQError) {
        try set(ZMQ_RCVHWM, Int32(clamping: messages))
    }

    /// Messages queued per peer before sending blocks or, for pub and router, drops.
    package func setSendHighWaterMark(_ messages: Int) throws(ZeroMQError) {
        try set(ZMQ_SNDHWM, Int32(clamping: messages))
    }

    /// The largest frame in bytes that a peer may send; a larger one ends its connection.
    ///
    /// -1 means no limit.
    package func setMessageBytesMax(_ bytes: Int64) throws(ZeroMQError) {
        try withUnsafeBytes(of: bytes) { value throws(ZeroMQError) in
            try set(ZMQ_MAXMSGSIZE, value)
        }
    }

    /// How long unsent messages outlive the socket; nil means no limit.
    ///
    /// Takes effect at once.
    package func setLinger(_ duration: Duration?) throws(ZeroMQError) {
        try set(ZMQ_LINGER, Self.milliseconds(duration))
    }

    /// How long a blocking receive waits; nil means no limit.
    ///
    /// Takes effect at once.
    package func setReceiveTimeout(_ duration: Duration?) throws(ZeroMQError) {
        try set(ZMQ_RCVTIMEO, Self.milliseconds(duration))
    }

    /// How long a blocking send waits; nil means no limit.
    ///
    /// Takes effect at once.
    package func setSendTimeout(_ duration: Duration?) throws(ZeroMQError) {
        try set(ZMQ_SNDTIMEO, Self.milliseconds(duration))
    }

    /// How long a new connection may take for the handshake before it is closed; zero: no limit.
    package func setHandshakeInterval(_ duration: Duration) throws(ZeroMQError) {
        try set(ZMQ_HANDSHAKE_IVL, Self.milliseconds(duration))
    }

    /// Router: whether sending to an unknown peer throws (`EHOSTUNREACH`) and to one with a full
    /// queue returns false, instead of dropping silently.
    ///
    /// Takes effect at once.
    package func setRouterMandatory(_ mandatory: Bool) throws(ZeroMQError) {
        try set(ZMQ_ROUTER_MANDATORY, mandatory ? 1 : 0)
    }

    /// Whether each new connection starts with an empty message to the router at the other end.
    package func setProbeRouter(_ probe: Bool) throws(ZeroMQError) {
        try set(ZMQ_PROBE_ROUTER, probe ? 1 : 0)
    }

    /// The name of this socket for a router at the other end: 1 to 255 bytes, the first not zero.
    package func setRoutingId(_ bytes: UnsafeRawBufferPointer) throws(ZeroMQError) {
        try set(ZMQ_ROUTING_ID, bytes)
    }

    /// Pings a peer that speaks ZMTP 3.1 every `interval`, and ends a connection that receives
    /// nothing within `timeout` after a ping.
    package func setHeartbeat(interval: Duration, timeout: Duration) throws(ZeroMQError) {
        try set(ZMQ_HEARTBEAT_IVL, Self.milliseconds(interval))
        try set(ZMQ_HEARTBEAT_TIMEOUT, Self.milliseconds(timeout))
    }

    /// Lets the kernel end a TCP connection whose other end is gone: after `idle` of silence it
    /// sends `count` probes, `interval` apart; sent data must be acknowledged within `unconfirmed`.
    package func setKeepAlive(
        idle: Duration,
        interval: Duration,
        count: Int,
        unconfirmed: Duration
    ) throws(ZeroMQError) {
        try set(ZMQ_TCP_KEEPALIVE, 1)
        try set(ZMQ_TCP_KEEPALIVE_IDLE, Self.milliseconds(idle) / 1_000)
        try set(ZMQ_TCP_KEEPALIVE_INTVL, Self.milliseconds(interval) / 1_000)
        try set(ZMQ_TCP_KEEPALIVE_CNT, Int32(clamping: count))
        try set(ZMQ_TCP_MAXRT, Self.milliseconds(unconfirmed))
    }

    /// Connections that the system queues until the socket accepts them.
    package func setBacklog(_ connections: Int) throws(ZeroMQError) {
        try set(ZMQ_BACKLOG, Int32(clamping: connections))
    }

    /// Makes each connection's handshake ask the context's handler at `inproc://zeromq.zap.01`, on
    /// behalf of `domain`; without a handler every peer is refused.
    ///
    /// Peers that speak ZMTP 1 or 2, which have no such handshake, are refused. Nil asks no handler
    /// and refuses no peer.
    package func setAuthenticationDomain(_ domain: String?) throws(ZeroMQError) {
        if let domain { try setText(ZMQ_ZAP_DOMAIN, domain) }
        // ZMQ_ZAP_ENFORCE_DOMAIN, which the header declares only together with draft functions.
        try set(93, 1)
    }

    /// Processes the pending work of opened and closed connections.
    ///
    /// libzmq does so whenever a socket is used; call this for a socket that is idle for long.
    package func settle() throws(ZeroMQError) {
        _ = try get(ZMQ_EVENTS)
    }

    /// Whether IPv6 addresses may be bound and connected too.
    package func setIPv6(_ enabled: Bool) throws(ZeroMQError) {
        try set(ZMQ_IPV6, enabled ? 1 : 0)
    }

    /// The kernel's receive buffer per connection, in bytes; -1 keeps the system's default.
    package func setReceiveBuffer(bytes: Int) throws(ZeroMQError) {
        try set(ZMQ_RCVBUF, Int32(clamping: bytes))
    }

    /// The kernel's send buffer per connection, in bytes; -1 keeps the system's default.
    package func setSendBuffer(bytes: Int) throws(ZeroMQError) {
        try set(ZMQ_SNDBUF, Int32(clamping: bytes))
    }

    /// Whether messages are queued only for established connections, not for pending ones.
    package func setImmediate(_ immediate: Bool) throws(ZeroMQError) {
        try set(ZMQ_IMMEDIATE, immediate ? 1 : 0)
    }

    /// The delays between attempts to reconnect: from `first`, doubling up to `longest`.
    package func setReconnectInterval(
        first: Duration,
        longest: Duration
    ) throws(ZeroMQError) {
        try set(ZMQ_RECONNECT_IVL, Self.milliseconds(first))
        try set(ZMQ_RECONNECT_IVL_MAX, Self.milliseconds(longest))
    }

    /// Sub: receives messages whose first frame starts with `topic`; an empty topic matches all.
    ///
    /// Takes effect at once.
    package func subscribe(_ topic: UnsafeRawBufferPointer) throws(ZeroMQError) {
        try set(ZMQ_SUBSCRIBE, topic)
    }

    /// Sub: subscribes to the UTF-8 bytes of `topic`, as ``subscribe(_:)`` does for bytes.
    package func subscribe(_ topic: String) throws(ZeroMQError) {
        try setText(ZMQ_SUBSCRIBE, topic)
    }

    /// Sets any option whose value is an `int`; see zmq_setsockopt(3).
    package func set(_ option: Int32, _ value: Int32) throws(ZeroMQError) {
        try withUnsafeBytes(of: value) { bytes throws(ZeroMQError) in try set(option, bytes) }
    }

    /// Sets any option whose value is text.
    package func setText(_ option: Int32, _ value: String) throws(ZeroMQError) {
        guard zmq_setsockopt(handle, option, value, value.utf8.count) == 0 else {
            throw .last("set", "socket option \(option) of \(subject)")
        }
    }

    /// Sets any option from bytes in the format that zmq_setsockopt(3) documents.
    package func set(
        _ option: Int32,
        _ value: UnsafeRawBufferPointer
    ) throws(ZeroMQError) {
        guard zmq_setsockopt(handle, option, value.baseAddress, value.count) == 0 else {
            throw .last("set", "socket option \(option) of \(subject)")
        }
    }

    /// Reads any option whose value is an `int`; see zmq_getsockopt(3).
    package func get(_ option: Int32) throws(ZeroMQError) -> Int32 {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        guard zmq_getsockopt(handle, option, &value, &size) == 0 else {
            throw .last("get", "socket option \(option) of \(subject)")
        }
        return value
    }

    /// Milliseconds for libzmq, rounded up so that a short time does not become zero; nil is -1.
    private static func milliseconds(_ duration: Duration?) -> Int32 {
        guard let duration else { return -1 }
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let whole = seconds.multipliedReportingOverflow(by: 1000)
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return whole.overflow ? .max : Int32(clamping: whole.partialValue &+ part)
    }
}
