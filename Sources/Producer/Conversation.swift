import ZeroMQ

/// The messages of a dealer that have no answer yet: their window and their bytes.
struct Conversation {
    /// A message as it goes out, and where its events come from.
    struct Sent {
        let payload: [UInt8]
        let ids: [String]
        let origins: [MessageOrigin]
    }

    var window: AcknowledgementWindow
    /// What must be sent again byte for byte if no answer comes.
    private(set) var messages: [UInt64: Sent] = [:]
    /// When something last went forward: an answer that settled a message.
    var lastProgress: Duration
    /// Why the collector last took nothing; nil once it has.
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

    /// Sends the message, or sends it again; one that libzmq has no room or no connection for is
    /// sent at its next turn.
    func send(_ id: UInt64, over socket: borrowing Socket) throws {
        guard let message = messages[id] else { return }
        let name = Self.requestId(id)
        let isQueued = try name.withUnsafeBytes { try socket.send($0, more: true, wait: false) }
        guard isQueued else { return }
        _ = try message.payload.withUnsafeBytes { try socket.send($0, more: false, wait: true) }
    }

    /// The request id on the wire: decimal digits.
    static func requestId(_ id: UInt64) -> [UInt8] { Array(String(id).utf8) }

    /// Takes one answer if one has come: `[requestId, JSON]`; nil if none, or one that makes no
    /// sense.
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

/// Where an event of a message begins in its payload, and where it came from.
struct MessageOrigin: Equatable {
    let offset: Int
    let place: EventPlace
}
