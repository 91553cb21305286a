import Glibc
import TestSupport
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct SocketTests {
    let context: Context

    init() throws {
        context = try Context()
    }

    @Test(arguments: ["tcp", "ipc"])
    func carriesMessagesFromPushToPull(transport: String) throws {
        let endpoint = transport == "tcp" ? ZeroMQEndpoints.anyPort : ZeroMQEndpoints.ipc()
        let pull = try Socket.make(.pull, in: context)
        let push = try Socket.make(.push, in: context)
        try pull.bind(endpoint)
        try push.connect(pull.lastEndpoint)
        for number in 0..<1000 { try push.send(frames: [bytes("event \(number)")]) }
        for number in 0..<1000 {
            let frames = try pull.receiveFrames()
            #expect(frames == [bytes("event \(number)")])
        }
        if transport == "ipc" { ZeroMQEndpoints.removeIPC(endpoint) }
    }

    @Test func tellsTheAssignedPort() throws {
        let pull = try Socket.make(.pull, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        let endpoint = try pull.lastEndpoint
        #expect(endpoint.hasPrefix("tcp://127.0.0.1:"))
        #expect(Int(endpoint.split(separator: ":").last ?? "") ?? 0 > 0)
    }

    @Test func routesAnswersBackToTheDealer() throws {
        let router = try Socket.make(.router, in: context)
        let first = try Socket.make(.dealer, in: context)
        let second = try Socket.make(.dealer, in: context)
        try router.bind(ZeroMQEndpoints.anyPort)
        try first.connect(router.lastEndpoint)
        try second.connect(router.lastEndpoint)
        try first.send(frames: [bytes("id0"), bytes("payload")])
        try second.send(frames: [bytes("id1"), bytes("payload")])
        for _ in 0..<2 {
            let request = try router.receiveFrames()
            #expect(request.count == 3)
            try router.send(frames: [request[0], request[1], bytes("committed")])
        }
        let answers = try [first.receiveFrames(), second.receiveFrames()]
        #expect(
            answers == [[bytes("id0"), bytes("committed")], [bytes("id1"), bytes("committed")]]
        )
    }

    @Test func answersRequestsOfReq() throws {
        let router = try Socket.make(.router, in: context)
        let req = try Socket.make(.req, in: context)
        try router.bind(ZeroMQEndpoints.anyPort)
        try req.connect(router.lastEndpoint)
        try req.send(frames: [bytes("payload")])
        let request = try router.receiveFrames()
        #expect(request.dropFirst() == [[], bytes("payload")])
        try router.send(frames: [request[0], [], bytes("ok")])
        let answer = try req.receiveFrames()
        #expect(answer == [bytes("ok")])
    }

    @Test func deliversSubscribedTopicsOnly() throws {
        let pub = try Socket.make(.pub, in: context)
        let sub = try Socket.make(.sub, in: context)
        try sub.subscribe("web")
        try pub.bind(ZeroMQEndpoints.anyPort)
        try sub.connect(pub.lastEndpoint)
        // A subscription reaches the publisher some time after the connection: send until it has.
        try sub.setReceiveTimeout(.milliseconds(20))
        var message = Message()
        var attempts = 0
        repeat {
            attempts += 1
            try #require(attempts < 500, "the subscription did not arrive within 10 s")
            try pub.send(frames: [bytes("mail"), bytes("no")])
            try pub.send(frames: [bytes("web.page"), bytes("yes")])
        } while try !sub.receive(&message, wait: true)
        let topic = Array(message.bytes)
        let hasMore = message.hasMore
        #expect(topic == bytes("web.page") && hasMore)
        let payload = try sub.receiveFrames()
        #expect(payload == [bytes("yes")])
    }

    @Test func keepsBinaryAndEmptyFramesOfAMultipartMessage() throws {
        let pull = try Socket.make(.pull, in: context)
        let push = try Socket.make(.push, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        try push.connect(pull.lastEndpoint)
        let every = (0...255).map { UInt8($0) }
        let frames = [[], every, [0], [], [UInt8](repeating: 0xff, count: 100_000), []]
        try push.send(frames: frames)
        try push.send(frames: [[]])
        let received = try [pull.receiveFrames(), pull.receiveFrames()]
        #expect(received == [frames, [[]]])
    }

    @Test func sendsAMessageWithoutCopyAndLeavesItEmpty() throws {
        let pull = try Socket.make(.pull, in: context)
        let push = try Socket.make(.push, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        try push.connect(pull.lastEndpoint)
        let payload = [UInt8](repeating: 7, count: 1000)
        var message = Message()
        payload.withUnsafeBytes { message.assign($0) }
        let sent = try push.send(&message, more: false, wait: true)
        let left = message.bytes.count
        let received = try pull.receiveFrames()
        #expect(sent && left == 0 && received == [payload])
    }

    @Test func answersFalseInsteadOfBlocking() throws {
        let pull = try Socket.make(.pull, in: context)
        let push = try Socket.make(.push, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        let received = try pull.receiveNow()
        #expect(received == nil)
        var message = Message()
        bytes("kept").withUnsafeBytes { message.assign($0) }
        let sent = try [push.sendEmpty(), push.send(&message, more: false, wait: false)]
        #expect(sent == [false, false])
        let kept = Array(message.bytes)
        #expect(kept == bytes("kept"))
    }

    @Test func answersFalseWhenTheTimeIsOver() throws {
        let pull = try Socket.make(.pull, in: context)
        let push = try Socket.make(.push, in: context)
        try pull.setReceiveTimeout(.milliseconds(30))
        try push.setSendTimeout(.milliseconds(30))
        try pull.bind(ZeroMQEndpoints.anyPort)
        var message = Message()
        let start = ContinuousClock.now
        let received = try pull.receive(&message, wait: true)
        let afterReceive = ContinuousClock.now - start
        let sent = try push.sendEmpty(wait: true)
        #expect(!received && !sent)
        #expect(afterReceive >= .milliseconds(25))
        #expect(ContinuousClock.now - start >= .milliseconds(50))
    }

    @Test func blocksTheSenderAtItsHighWaterMark() throws {
        let push = try Socket.make(.push, in: context)
        try push.setSendHighWaterMark(3)
        try push.bind(ZeroMQEndpoints.inproc())
        let pull = try Socket.make(.pull, in: context)
        try pull.setReceiveHighWaterMark(2)
        try pull.connect(push.lastEndpoint)
        var sent = 0
        while sent < 100, try push.sendEmpty() { sent += 1 }
        #expect(sent == 5)
    }

    @Test func dropsAPeerWhoseMessageIsTooLarge() throws {
        let pull = try Socket.make(.pull, in: context)
        try pull.setMessageBytesMax(1000)
        try pull.bind(ZeroMQEndpoints.anyPort)
        let monitor = try MonitorTests.monitor(pull, in: context, events: [.disconnected])
        let hostile = try Socket.make(.push, in: context)
        try hostile.connect(pull.lastEndpoint)
        try hostile.send(frames: [[UInt8](repeating: 1, count: 1001)])
        let event = try MonitorTests.next(monitor)
        #expect(event.kind == .disconnected)
        let honest = try Socket.make(.push, in: context)
        try honest.connect(pull.lastEndpoint)
        try honest.send(frames: [[UInt8](repeating: 2, count: 1000)])
        let received = try pull.receiveFrames()
        #expect(received == [[UInt8](repeating: 2, count: 1000)])
    }

    @Test func mandatoryRouterRefusesUnknownPeers() throws {
        let router = try Socket.make(.router, in: context)
        try router.setRouterMandatory(true)
        try router.bind(ZeroMQEndpoints.anyPort)
        let error = try #require(throws: ZeroMQError.self) {
            try router.send(frames: [bytes("nobody"), bytes("x")])
        }
        let endpoint = try router.lastEndpoint
        #expect(error == ZeroMQError(errno: EHOSTUNREACH, operation: "send", subject: endpoint))
    }

    @Test func knowsADealerByItsRoutingId() throws {
        let router = try Socket.make(.router, in: context)
        let dealer = try Socket.make(.dealer, in: context)
        try bytes("shop-7").withUnsafeBytes { try dealer.setRoutingId($0) }
        try router.bind(ZeroMQEndpoints.anyPort)
        try dealer.connect(router.lastEndpoint)
        try dealer.send(frames: [bytes("x")])
        let received = try router.receiveFrames()
        #expect(received == [bytes("shop-7"), bytes("x")])
    }

    @Test func stopsAWaitingReceiveWhenTheContextShutsDown() throws {
        let pull = try Socket.make(.pull, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        context.shutdown()
        context.shutdown()
        var message = Message()
        let error = try #require(throws: ZeroMQError.self) {
            _ = try pull.receive(&message, wait: true)
        }
        #expect(error.isTerminated)
    }

    @Test func deliversWhatLingersAfterTheSocketsEnd() throws {
        let pull = try Socket.make(.pull, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        do {
            let own = try Context()
            let push = try Socket(.push, in: own)
            try push.setLinger(patience)
            try push.connect(pull.lastEndpoint)
            for _ in 0..<500 { try push.send(frames: [bytes("late")]) }
        }
        for _ in 0..<500 {
            let received = try pull.receiveFrames()
            #expect(received == [bytes("late")])
        }
    }

    @Test func givesBackOptionsAsSet() throws {
        let socket = try Socket(.dealer, in: context)
        try socket.setReceiveHighWaterMark(17)
        try socket.setSendHighWaterMark(.max)
        try socket.setLinger(.microseconds(1500))
        try socket.setReceiveTimeout(nil)
        try socket.setHandshakeInterval(.seconds(3))
        try socket.setReceiveBuffer(bytes: 65536)
        try socket.setSendBuffer(bytes: 65536)
        try socket.setImmediate(true)
        try socket.setIPv6(true)
        try socket.setProbeRouter(false)
        try socket.setReconnectInterval(first: .milliseconds(10), longest: .seconds(1))
        // The numbers are those of zmq.h.
        let options: [Int32] = [24, 23, 17, 27, 66, 39, 42]
        var values: [Int32] = []
        for option in options { values.append(try socket.get(option)) }
        #expect(values == [17, .max, 2, -1, 3000, 1, 1])
    }
}
