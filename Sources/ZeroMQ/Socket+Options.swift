import CZeroMQ

/// Options, named after what they do.
///
/// Unless said otherwise an option counts for the `bind` and `connect` calls after it. What is
/// beyond an option's range is clamped to it.
extension Socket {
    /// Messages queued for each peer before the socket stops reading from it; 0 is no limit.
    package func setReceiveHighWaterMark(_ messages: Int) throws(ZeroMQError) {
        try set(ZMQ_RCVHWM, Int32(clamping: messages))
    }

    /// Messages queued towards each peer before sending blocks or, with pub and router, drops.
    package func setSendHighWaterMark(_ messages: Int) throws(ZeroMQError) {
        try set(ZMQ_SNDHWM, Int32(clamping: messages))
    }

    /// The largest frame a peer may send; a larger one ends its connection.
    ///
    /// -1 is no limit.
    package func setMessageBytesMax(_ bytes: Int64) throws(ZeroMQError) {
        try withUnsafeBytes(of: bytes) { value throws(ZeroMQError) in
            try set(ZMQ_MAXMSGSIZE, value)
        }
    }

    /// How long unsent messages outlive the socket; nil is for ever.
    ///
    /// Counts at once.
    package func setLinger(_ duration: Duration?) throws(ZeroMQError) {
        try set(ZMQ_LINGER, Self.milliseconds(duration))
    }

    /// How long a waiting receive waits; nil is for ever.
    ///
    /// Counts at once.
    package func setReceiveTimeout(_ duration: Duration?) throws(ZeroMQError) {
        try set(ZMQ_RCVTIMEO, Self.milliseconds(duration))
    }

    /// How long a waiting send waits; nil is for ever.
    ///
    /// Counts at once.
    package func setSendTimeout(_ duration: Duration?) throws(ZeroMQError) {
        try set(ZMQ_SNDTIMEO, Self.milliseconds(duration))
    }

    /// How long a new connection may take to greet before it is closed; zero is for ever.
    package func setHandshakeInterval(_ duration: Duration) throws(ZeroMQError) {
        try set(ZMQ_HANDSHAKE_IVL, Self.milliseconds(duration))
    }

    /// Router: whether sending to a peer that is not there is an error (`EHOSTUNREACH`) and to one
    /// whose queue is full `false`, instead of a silent drop.
    ///
    /// Counts at once.
    package func setRouterMandatory(_ mandatory: Bool) throws(ZeroMQError) {
        try set(ZMQ_ROUTER_MANDATORY, mandatory ? 1 : 0)
    }

    /// Whether each new connection starts with an empty message to the router at its other end.
    package func setProbeRouter(_ probe: Bool) throws(ZeroMQError) {
        try set(ZMQ_PROBE_ROUTER, probe ? 1 : 0)
    }

    /// The name a router at the other end knows this socket by: 1 to 255 bytes, the first not zero.
    package func setRoutingId(_ bytes: UnsafeRawBufferPointer) throws(ZeroMQError) {
        try set(ZMQ_ROUTING_ID, bytes)
    }

    /// Asks a peer that speaks ZMTP 3.1 every `interval` whether it is there, and ends a connection on
    /// which nothing has come `timeout` after a question.
    package func setHeartbeat(interval: Duration, timeout: Duration) throws(ZeroMQError) {
        try set(ZMQ_HEARTBEAT_IVL, Self.milliseconds(interval))
        try set(ZMQ_HEARTBEAT_TIMEOUT, Self.milliseconds(timeout))
    }

    /// Has the kernel end a TCP connection whose other end is gone: after `idle` of silence it asks
    /// `count` times, `interval` apart; what was sent must be confirmed within `unconfirmed`.
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

    /// Connections that the system keeps until the socket accepts them.
    package func setBacklog(_ connections: Int) throws(ZeroMQError) {
        try set(ZMQ_BACKLOG, Int32(clamping: connections))
    }

    /// Has each connection's handshake ask the context's handler at `inproc://zeromq.zap.01` in the
    /// name of `domain`; without a handler nobody gets in.
    ///
    /// Peers that speak ZMTP 1 or 2, which has no such handshake, are refused. Nil asks nobody and
    /// refuses nobody.
    package func setAuthenticationDomain(_ domain: String?) throws(ZeroMQError) {
        if let domain { try setText(ZMQ_ZAP_DOMAIN, domain) }
        // ZMQ_ZAP_ENFORCE_DOMAIN, which the header shows only together with draft functions.
        try set(93, 1)
    }

    /// Does what connections that came and went have left to do.
    ///
    /// libzmq does so whenever a socket is used; one that is not used for long has to be asked.
    package func settle() throws(ZeroMQError) {
        _ = try get(ZMQ_EVENTS)
    }

    /// Whether IPv6 addresses may be bound and connected too.
    package func setIPv6(_ enabled: Bool) throws(ZeroMQError) {
        try set(ZMQ_IPV6, enabled ? 1 : 0)
    }

    /// The kernel's receive buffer of each connection; -1 leaves it to the system.
    package func setReceiveBuffer(bytes: Int) throws(ZeroMQError) {
        try set(ZMQ_RCVBUF, Int32(clamping: bytes))
    }

    /// The kernel's send buffer of each connection; -1 leaves it to the system.
    package func setSendBuffer(bytes: Int) throws(ZeroMQError) {
        try set(ZMQ_SNDBUF, Int32(clamping: bytes))
    }

    /// Whether messages are queued only for connections that stand, instead of for those in the
    /// making.
    package func setImmediate(_ immediate: Bool) throws(ZeroMQError) {
        try set(ZMQ_IMMEDIATE, immediate ? 1 : 0)
    }

    /// The pauses between attempts to connect again: from `first`, doubling up to `longest`.
    package func setReconnectInterval(
        first: Duration,
        longest: Duration
    ) throws(ZeroMQError) {
        try set(ZMQ_RECONNECT_IVL, Self.milliseconds(first))
        try set(ZMQ_RECONNECT_IVL_MAX, Self.milliseconds(longest))
    }

    /// Sub: receives messages whose first frame starts with `topic`; an empty one takes all.
    ///
    /// At once.
    package func subscribe(_ topic: UnsafeRawBufferPointer) throws(ZeroMQError) {
        try set(ZMQ_SUBSCRIBE, topic)
    }

    /// Sub: as ``subscribe(_:)`` for bytes, with the topic's UTF-8.
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

    /// Sets any option from its bytes as zmq_setsockopt(3) describes them.
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

    /// libzmq's milliseconds: rounded up, so that a short time does not become none; -1 for ever.
    private static func milliseconds(_ duration: Duration?) -> Int32 {
        guard let duration else { return -1 }
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let whole = seconds.multipliedReportingOverflow(by: 1000)
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return whole.overflow ? .max : Int32(clamping: whole.partialValue &+ part)
    }
}
