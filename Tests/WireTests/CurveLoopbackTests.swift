import Testing
import ZeroMQ

@testable import Wire

/// The server's half against the client of a real libzmq.
@Suite(.timeLimit(.minutes(1))) struct CurveLoopbackTests {
    private let context: Context
    private let serverKeys = CurveKeyPair()
    private let clientKeys = CurveKeyPair()

    init() throws {
        try #require(Context.hasCurve)
        context = try Context()
    }

    private func connect(
        _ pattern: Socket.Pattern,
        to endpoint: String,
        serverKey: CurveKey? = nil,
        publicKey: CurveKey? = nil
    ) throws -> Socket {
        let socket = try Socket(pattern, in: context)
        try socket.setLinger(.zero)
        try socket.setReceiveTimeout(.seconds(10))
        try socket.setSendTimeout(.seconds(10))
        try (serverKey ?? serverKeys.publicKey).withUnsafeBytes { server in
            try (publicKey ?? clientKeys.publicKey).withUnsafeBytes { own in
                try clientKeys.withSecret {
                    try socket.setCurveClient(serverKey: server, publicKey: own, secretKey: $0)
                }
            }
        }
        try socket.connect(endpoint)
        return socket
    }

    @Test func takesMessagesOfLibzmq() throws {
        let loopback = try CurveLoopback()
        let socket = try connect(.push, to: loopback.endpoint)
        let payloads = [[], Array("event".utf8), [UInt8](repeating: 9, count: 100_000)]
        let peer = try loopback.shake(hands: .init(keys: serverKeys), as: "PULL")
        #expect(peer.key == clientKeys.publicKey)
        #expect(peer.metadata.starts(with: "\u{b}Socket-Type\0\0\0\u{4}PUSH".utf8))
        for (index, payload) in payloads.enumerated() {
            let more = index == 1
            let sent = try payload.withUnsafeBytes {
                try socket.send($0, more: more, wait: true)
            }
            #expect(sent)
        }
        for (index, payload) in payloads.enumerated() {
            let frame = try loopback.readFrame()
            // Neither more nor command: the flags of the payload are in the box.
            #expect(frame.flags & ~2 == 0)
            let opened = try peer.session.session.open(frame.body)
            #expect(opened.payload == payload)
            #expect(opened.message.hasMore == (index == 1) && !opened.message.isCommand)
        }
    }

    @Test func libzmqTakesAnswers() throws {
        let loopback = try CurveLoopback()
        let socket = try connect(.dealer, to: loopback.endpoint)
        let peer = try loopback.shake(hands: .init(keys: serverKeys), as: "ROUTER")
        for text in ["", "committed", String(repeating: "x", count: 5_000)] {
            let payload = Array(text.utf8)
            try loopback.writeFrame(flags: 0, peer.session.session.seal([1, 2, 3], more: true))
            try loopback.writeFrame(flags: 0, peer.session.session.seal(payload))
            var message = Message()
            #expect(try socket.receive(&message, wait: true))
            #expect(Array(message.bytes) == [1, 2, 3] && message.hasMore)
            #expect(try socket.receive(&message, wait: true))
            #expect(Array(message.bytes) == payload && !message.hasMore)
        }
    }

    @Test func libzmqAnswersEncryptedPing() throws {
        let loopback = try CurveLoopback()
        let socket = try connect(.push, to: loopback.endpoint)
        let peer = try loopback.shake(hands: .init(keys: serverKeys), as: "PULL")
        // RFC 37: PING with a time to live of 0 and a context, which PONG repeats.
        let ping = Array("\u{4}PING".utf8) + [0, 0] + Array("context".utf8)
        try loopback.writeFrame(flags: 4, peer.session.session.seal(ping, isCommand: true))
        let answer = try peer.session.session.open(try loopback.readFrame().body)
        #expect(answer.message.isCommand)
        #expect(answer.payload == Array("\u{4}PONG".utf8) + Array("context".utf8))
        withExtendedLifetime(socket.pattern) {}
    }

    @Test func reconnectsWithNewKeys() throws {
        let loopback = try CurveLoopback()
        let socket = try connect(.push, to: loopback.endpoint)
        let first = try loopback.shake(hands: .init(keys: serverKeys), as: "PULL")
        _ = try Array("one".utf8).withUnsafeBytes { try socket.send($0, more: false, wait: true) }
        let frame = try loopback.readFrame()
        #expect(try first.session.session.open(frame.body).payload == Array("one".utf8))
        let second = try loopback.shake(hands: .init(keys: serverKeys), as: "PULL")
        #expect(throws: CurveFault.self) { _ = try second.session.session.open(frame.body) }
    }

    @Test func refusesLibzmqWithAnotherServerKey() throws {
        let loopback = try CurveLoopback()
        let socket = try connect(
            .push,
            to: loopback.endpoint,
            serverKey: CurveKeyPair().publicKey
        )
        try loopback.greet()
        let hello = try loopback.readFrame()
        var handshake = CurveServerHandshake(keys: serverKeys)
        #expect(throws: CurveFault.wrongServerKey) { _ = try handshake.answer(hello: hello.body) }
        withExtendedLifetime(socket.pattern) {}
    }

    @Test func refusesLibzmqThatClaimsAnothersKey() throws {
        let loopback = try CurveLoopback()
        let socket = try connect(.push, to: loopback.endpoint, publicKey: CurveKeyPair().publicKey)
        #expect(throws: CurveFault.wrongVouch) {
            _ = try loopback.shake(hands: .init(keys: serverKeys), as: "PULL")
        }
        withExtendedLifetime(socket.pattern) {}
    }

    @Test func libzmqReportsTheReasonOfAnError() throws {
        let loopback = try CurveLoopback()
        let socket = try Socket(.push, in: context)
        try socket.setLinger(.zero)
        try socket.monitor("inproc://curve-monitor", events: .handshakeFailed)
        let monitor = try Socket(.pair, in: context)
        try monitor.connect("inproc://curve-monitor")
        try serverKeys.publicKey.withUnsafeBytes { server in
            try clientKeys.publicKey.withUnsafeBytes { own in
                try clientKeys.withSecret {
                    try socket.setCurveClient(serverKey: server, publicKey: own, secretKey: $0)
                }
            }
        }
        try socket.connect(loopback.endpoint)
        try loopback.greet()
        var handshake = CurveServerHandshake(keys: serverKeys)
        let hello = try loopback.readFrame()
        try loopback.writeCommand(try handshake.answer(hello: hello.body))
        _ = try handshake.take(initiate: try loopback.readFrame().body)
        try loopback.writeCommand(handshake.error("400"))
        var poll = PollSet(capacity: 1)
        poll.add(monitor)
        try #require(try poll.wait(timeout: 10_000) == 1)
        let event = try MonitorEvent.receive(from: monitor)
        #expect(event?.kind == .handshakeFailedAuthentication && event?.value == 400)
    }
}
