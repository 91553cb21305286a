import TestSupport
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct MonitorTests {
    /// A pair socket that reads the monitor of `socket`.
    static func monitor(
        _ socket: borrowing Socket,
        in context: Context,
        events: MonitorEvents
    ) throws -> Socket {
        let endpoint = ZeroMQEndpoints.inproc()
        try socket.monitor(endpoint, events: events)
        let pair = try Socket.make(.pair, in: context)
        try pair.connect(endpoint)
        return pair
    }

    /// Waits for the next event.
    static func next(_ monitor: borrowing Socket) throws -> MonitorEvent {
        var poll = PollSet(capacity: 1)
        poll.add(monitor)
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            if let event = try MonitorEvent.receive(from: monitor) { return event }
            try poll.wait(timeout: 100)
        }
        let nothing: MonitorEvent? = nil
        return try #require(nothing, "no event of the monitor within \(patience)")
    }

    @Test func reportsPeersThatComeAndGo() throws {
        let context = try Context()
        let pull = try Socket.make(.pull, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        let monitor = try Self.monitor(
            pull,
            in: context,
            events: [.accepted, .handshakeSucceeded, .disconnected]
        )
        let early = try MonitorEvent.receive(from: monitor)
        #expect(early == nil)
        do {
            let push = try Socket.make(.push, in: context)
            try push.connect(pull.lastEndpoint)
            let accepted = try Self.next(monitor)
            let endpoint = try pull.lastEndpoint
            #expect(accepted.kind == .accepted && accepted.endpoint == endpoint)
            let greeted = try Self.next(monitor)
            #expect(greeted.kind == .handshakeSucceeded)

            try push.send(frames: [[1]])
            var message = Message()
            let received = try pull.receive(&message, wait: true)
            let descriptor = message.sourceDescriptor
            #expect(received && descriptor == Int32(accepted.value))
        }
        let gone = try Self.next(monitor)
        #expect(gone.kind == .disconnected)
        let late = try MonitorEvent.receive(from: monitor)
        #expect(late == nil)
        try pull.stopMonitor()
    }

    @Test func reportsPortsThatCannotBeBound() throws {
        let context = try Context()
        let first = try Socket.make(.pull, in: context)
        try first.bind(ZeroMQEndpoints.anyPort)
        let second = try Socket.make(.pull, in: context)
        let monitor = try Self.monitor(second, in: context, events: .bindFailed)
        #expect(throws: ZeroMQError.self) { try second.bind(first.lastEndpoint) }
        let event = try Self.next(monitor)
        #expect(event.kind == .bindFailed)
    }
}
