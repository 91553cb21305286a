import CZeroMQ

/// The set of connection events that a monitor reports; see zmq_socket_monitor(3).
package struct MonitorEvents: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    private init(_ event: Int32) { self.init(rawValue: UInt16(truncatingIfNeeded: event)) }

    /// A connection to a peer is established; the value is its descriptor.
    package static let connected = MonitorEvents(ZMQ_EVENT_CONNECTED)
    /// An attempt to connect continues in the background.
    package static let connectDelayed = MonitorEvents(ZMQ_EVENT_CONNECT_DELAYED)
    /// Another attempt to connect follows; the value is the delay before it in milliseconds.
    package static let connectRetried = MonitorEvents(ZMQ_EVENT_CONNECT_RETRIED)
    /// The socket listens; the value is the descriptor.
    package static let listening = MonitorEvents(ZMQ_EVENT_LISTENING)
    /// The socket could not listen; the value is the errno.
    package static let bindFailed = MonitorEvents(ZMQ_EVENT_BIND_FAILED)
    /// A peer connected; the value is the connection's descriptor.
    package static let accepted = MonitorEvents(ZMQ_EVENT_ACCEPTED)
    /// A peer could not be accepted; the value is the errno.
    package static let acceptFailed = MonitorEvents(ZMQ_EVENT_ACCEPT_FAILED)
    /// A connection was closed; the value is its former descriptor.
    package static let closed = MonitorEvents(ZMQ_EVENT_CLOSED)
    /// A connection could not be closed; the value is the errno.
    package static let closeFailed = MonitorEvents(ZMQ_EVENT_CLOSE_FAILED)
    /// A connection ended, from either side; the value is its former descriptor.
    package static let disconnected = MonitorEvents(ZMQ_EVENT_DISCONNECTED)
    /// The monitor itself has ended; nothing follows.
    package static let monitorStopped = MonitorEvents(ZMQ_EVENT_MONITOR_STOPPED)
    /// The greeting and the security handshake succeeded.
    package static let handshakeSucceeded = MonitorEvents(ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
    /// The handshake failed, neither for protocol nor for permission; the value is the errno.
    package static let handshakeFailedWithoutDetail = MonitorEvents(
        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    )
    /// The peer violated the protocol; the value is a `ZMQ_PROTOCOL_ERROR_…`.
    package static let handshakeFailedProtocol = MonitorEvents(
        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
    )
    /// The peer was refused; the value is the ZAP status, such as 400.
    package static let handshakeFailedAuthentication = MonitorEvents(
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
    )

    /// Every way a handshake can fail.
    package static let handshakeFailed: MonitorEvents = [
        .handshakeFailedWithoutDetail, .handshakeFailedProtocol, .handshakeFailedAuthentication,
    ]
    /// Everything a monitor can report.
    package static let all = MonitorEvents(rawValue: .max)
}

/// One event of a monitored socket, read from two frames of its monitor.
package struct MonitorEvent: Sendable, Equatable {
    /// What happened: exactly one member.
    package let kind: MonitorEvents
    /// A descriptor, an errno, or as ``MonitorEvents`` documents for the kind.
    package let value: UInt32
    /// The endpoint it happened on.
    package let endpoint: String

    /// Takes the next event, without waiting, from `socket`, a pair socket connected to a monitor's
    /// endpoint.
    ///
    /// - Parameters:
    ///   - socket: belongs to the calling thread.
    ///   - message: scratch space, reused by each call.
    /// - Returns: nil if there is none.
    /// - Throws: if the context was shut down.
    package static func receive(
        from socket: borrowing Socket,
        using message: inout Message
    ) throws(ZeroMQError) -> MonitorEvent? {
        guard try socket.receive(&message, wait: false) else { return nil }
        guard message.bytes.count >= 6, message.hasMore else { return nil }
        // The first frame: the event in 16 bits and its value in 32, in the machine's byte order.
        let event = message.bytes.loadUnaligned(as: UInt16.self)
        let value = message.bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
        guard try socket.receive(&message, wait: false) else { return nil }
        return MonitorEvent(
            kind: MonitorEvents(rawValue: event),
            value: value,
            endpoint: String(decoding: message.bytes, as: UTF8.self)
        )
    }

    /// Takes the next event as ``receive(from:using:)`` does, with its own scratch space.
    package static func receive(
        from socket: borrowing Socket
    ) throws(ZeroMQError) -> MonitorEvent? {
        var message = Message()
        return try receive(from: socket, using: &message)
    }
}

extension Socket {
    /// Reports `events` of this socket on `endpoint` (`inproc://…`, unique per monitor): a pair
    /// socket of any thread connects there and reads with ``MonitorEvent/receive(from:using:)``.
    ///
    /// Read them: unread events accumulate until they block the socket's I/O thread.
    package func monitor(
        _ endpoint: String,
        events: MonitorEvents
    ) throws(ZeroMQError) {
        guard zmq_socket_monitor(handle, endpoint, Int32(events.rawValue)) == 0 else {
            throw .last("monitor on", endpoint)
        }
    }

    /// Ends the socket's monitor.
    package func stopMonitor() throws(ZeroMQError) {
        guard zmq_socket_monitor(handle, nil, 0) == 0 else {
            throw .last("stop monitor of", subject)
        }
    }
}
