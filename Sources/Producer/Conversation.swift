import ZeroMQ

/// The unanswered messages of a dealer: their window and their bytes.
struct Conversation {
    /// A message as sent, and the origins of its events.
    struct Sent {
        let payload: [UInt8]
        let ids: [String]
        let origins: [MessageOrigin]
    }

    var window: AcknowledgementWindow
    /// Messages that must be resent byte for byte if no answer arrives.
    private(set) var messages: [UInt64: Sent] = [:]
    /// When an answer last settled a message.
    var lastProgress: Duration
    /// Why the collector last accepted nothing; nil once it has.
    var unavailable: String?

    init(_ configuration: Sender.Configuration, at now: Duration) {
        window = AcknowledgementWindow(
            capacity: configuration.window,
            pace: RetryPace(first: configuration.retryAfter)
        )
        lastProgress = now
    }

    mutating func keep(_ message: Sent, as id: UInt64) { messages[id] = message }

    mutating func remove(_ id: UInt64) -> Sent? { messages.removeValue(forKey: id) }

    /// Sends or resends the message; if libzmq has no room or no connection, it is resent later.
    func send(_ id: UInt64, over socket: borrowing Socket) throws {
        guard let message = messages[id] else { return }
        let name = Self.requestId(id)
        let isQueued = try name.withUnsafeBytes { try socket.send($0, more: true, wait: false) }
        guard isQueued else { return }
        _ = try message.payload.withUnsafeBytes { try socket.send($0, more: false, wait: true) }
    }

    /// The request id on the wire: decimal digits.
    static func requestId(_ id: UInt64) -> [UInt8] { Array(String(id).utf8) }

    /// Receives one answer, `[requestId, JSON]`, without waiting; nil if there was none, or an
    /// invalid one.
    static func receive(
        from socket: borrowing Socket,
        using message: inout Message
    ) throws(ZeroMQError) -> (isAny: Bool, answer: (id: UInt64, reply: Reply)?) {
        guard try socket.receive(&message, wait: false) else { return (false, nil) }
        let id = UInt64(String(decoding: message.bytes, as: UTF8.self))
        var reply: Reply?
        var frames = 1
        while message.hasMore, try socket.receive(&message, wait: false) {
            frames += 1
            reply = frames == 2 ? Reply(message.bytes) : nil
        }
        guard let id, let reply else { return (true, nil) }
        return (true, (id, reply))
    }
}

/// The offset of an event in its message's payload, and its origin.
struct MessageOrigin: Equatable {
    let offset: Int
    let place: EventPlace
}
