import Intake
import NIOCore
import NIOHTTP1
import Platform

/// One connection of an HTTP source: its requests, one at a time, and their answers in order; or one
/// stream of an HTTP/2 connection, with one request.
///
/// Belongs to the event loop of its ``Receiver``.
final class RequestHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    enum Phase {
        /// Between two requests.
        case idle
        /// The body of an acceptable request arrives.
        case receiving
        /// The request is whole; it waits for room in a ring.
        case waiting
        /// It is in a ring.
        case taken
        /// Its answer is decided, but its body has not come whole; the rest is thrown away.
        case skipping
        /// The last answer was sent, and this direction ended; what still comes is thrown away.
        case leaving
    }

    /// Bytes of a refused request's body that are read, so that the connection can go on.
    private static let skippedBytesMax = 64 << 10
    /// How long the other end may take to close, after this end has.
    private static let lingerNanoseconds: Int64 = 2_000_000_000

    let receiver: Receiver
    /// 1 to 65,535; the connection's number in records.
    private(set) var number: UInt16 = 0
    private(set) var phase = Phase.idle
    private(set) var request = Request()
    /// Distinguishes a request from all other ones of its event loop; 0 before the first.
    private(set) var serial: UInt64 = 0
    var body = Body()
    private var context: ChannelHandlerContext?
    /// When the present phase ends by itself; monotonic nanoseconds.
    private var deadline: Int64 = .max
    /// Since when there has been no request; monotonic nanoseconds.
    private var idleSince = SystemClock.monotonicNanoseconds
    /// The answer that is sent when all of the request has come.
    private var later: Reply?
    /// When the last byte of a request with events came; monotonic nanoseconds.
    private var endedAt: Int64?
    let client: Client
    /// The connection of a stream; nil for HTTP/1.1.
    private let streams: StreamsHandler?

    init(_ receiver: Receiver, client: Client, streams: StreamsHandler? = nil) {
        self.receiver = receiver
        self.client = client
        self.streams = streams
    }

    // MARK: - The connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard let number = receiver.enter(self, name: client.name) else {
            return context.close(promise: nil)
        }
        self.number = number
        setDeadline(receiver.timeouts.idle)
    }

    func channelInactive(context: ChannelHandlerContext) {
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        release()
        if phase == .waiting || phase == .taken { request.settle(nil) }
        if number != 0 { receiver.leave(number) }
        self.context = nil
    }

    /// Notes bytes that may be the beginning of a request's head.
    func sawBytes() {
        if phase == .idle, !client.hasBegun {
            client.hasBegun = true
            setDeadline(receiver.timeouts.header)
        }
    }

    func read(context: ChannelHandlerContext) {
        // Streams are read together, by their connection.
        if streams == nil, phase == .receiving, !receiver.mayRead() {
            body.isReadHeld = true
        } else {
            context.read()
        }
    }

    /// Reads again, once there is room for bodies.
    func resumeReading() {
        guard body.isReadHeld else { return }
        body.isReadHeld = false
        context?.read()
    }

    // MARK: - A request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): if phase == .idle { begin(head) }
        case .body(let part): if phase == .receiving { add(part) }
        case .end: finish()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        client.hasBegun = false
        serial = receiver.nextSerial()
        request = Request(head)
        body.begin()
        phase = .receiving
        setDeadline(receiver.timeouts.body)
        if streams != nil, !ConnectionStart.isWithinLimits(head.headers) {
            return refuse(Reply(.headerOverflow))
        }
        if let refusal = receiver.refusal(of: head, &request, client) { return refuse(refusal) }
        if request.expectsContinue {
            let go = HTTPResponseHead(version: .http1_1, status: .continue)
            context?.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
        }
    }

    /// Answers a request before its body has come.
    private func refuse(_ reply: Reply) {
        phase = .skipping
        release()
        guard request.hasBody else {
            later = reply
            return
        }
        let isShort = request.declaredBytes.map { $0 <= Self.skippedBytesMax } ?? false
        if isShort, !request.expectsContinue, !reply.closes {
            later = reply
        } else {
            var reply = reply
            reply.closes = true
            send(reply)
        }
    }

    private func add(_ part: ByteBuffer) {
        let limit = receiver.configuration.limits.messageBytesMax
        guard body.bytes.readableBytes + part.readableBytes <= limit else {
            return refuse(receiver.tooLarge(request))
        }
        receiver.commons.buffer(body.add(part))
    }

    private func finish() {
        switch phase {
        case .receiving:
            if let refusal = receiver.refusal(of: &body, &request, client) {
                phase = .waiting
                return answer(refusal)
            }
            if let event = request.following?.event {
                body.change { _ in ByteBuffer(bytes: event) }
            }
            if let attributes = request.attributes,
                let refusal = receiver.completeCloudEvent(attributes, with: &body, of: request)
            {
                phase = .waiting
                return answer(refusal)
            }
            if let event = request.pixel ?? request.queryEvent { body.change { _ in event } }
            if request.profile == .posthog { receiver.completePostHog(&body, of: request) }
            phase = .waiting
            endedAt = SystemClock.monotonicNanoseconds
            setDeadline(receiver.timeouts.answer)
            receiver.take(self)
        case .skipping:
            request.hasEnded = true
            guard let reply = later else { return becomeIdle() }
            later = nil
            send(reply)
        case .idle, .waiting, .taken, .leaving: break
        }
    }

    /// Notes that the request is in a ring.
    func wasTaken() {
        phase = .taken
        release()
    }

    private func release() {
        receiver.release(body.release())
    }

    // MARK: - Its answer

    /// Sends the answer to a request that was whole.
    func answer(_ reply: Reply) {
        guard phase == .waiting || phase == .taken else { return }
        request.hasEnded = true
        release()
        request.settle(reply.status)
        send(request.pixel == nil ? request.following?.reply ?? reply : .pixel)
    }

    private func send(_ reply: Reply) {
        guard let context else { return }
        let reply = request.dressed(reply)
        receiver.figures.count(
            request.label,
            reply.status,
            after: endedAt.map { SystemClock.monotonicNanoseconds &- $0 }
        )
        endedAt = nil
        if streams != nil { return sendInStream(reply, context) }
        let closes = reply.closes || !request.isKeptAlive || receiver.isDraining
        write(reply, .http1_1, closes: closes, to: context)
        guard closes else {
            // The next request may be delivered while the end is written.
            if request.hasEnded { becomeIdle() } else { phase = .skipping }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            return
        }
        phase = .leaving
        setDeadline(Self.lingerNanoseconds)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.endOutput() }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    /// Writes an answer but for its end.
    private func write(
        _ reply: Reply,
        _ version: HTTPVersion,
        closes: Bool,
        to context: ChannelHandlerContext
    ) {
        let fields = request.fields(for: reply, closes: closes)
        let head = HTTPResponseHead(version: version, status: reply.status, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.isHead, reply.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil)
        }
    }

    private func sendInStream(_ reply: Reply, _ context: ChannelHandlerContext) {
        phase = .leaving
        setDeadline(Self.lingerNanoseconds)
        write(reply, .http2, closes: false, to: context)
        guard !request.hasEnded else {
            return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        // Once the answer is on its way: a reset drops what waits.
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.context?.triggerUserOutboundEvent(StreamEnd.Event.now, promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    private func becomeIdle() {
        phase = .idle
        idleSince = SystemClock.monotonicNanoseconds
        setDeadline(receiver.timeouts.idle)
    }

    /// Ends this direction, so that the other end sees all that was sent, and then closes.
    private func endOutput() {
        context?.close(mode: .output, promise: nil)
    }

    /// Ends a connection that has been without a request for so many nanoseconds; one with a request
    /// ends with its answer.
    func leave(ifIdleFor nanoseconds: Int64 = 0) {
        let idle = SystemClock.monotonicNanoseconds &- idleSince
        guard streams == nil, phase == .idle, idle >= nanoseconds else { return }
        phase = .leaving
        setDeadline(Self.lingerNanoseconds)
        endOutput()
    }

    /// Ends the connection, whatever it is doing.
    func cut() {
        context?.close(promise: nil)
    }

    // MARK: - Time and errors

    private func setDeadline(_ nanoseconds: Int64) {
        deadline = SystemClock.monotonicNanoseconds &+ nanoseconds
    }

    /// Ends what takes too long.
    func look(at now: Int64) {
        guard now >= deadline else { return }
        deadline = .max
        switch phase {
        case .idle:
            guard streams == nil else { return cut() }
            guard client.hasBegun else { return leave() }
            // The handlers in front of this one have to know that a request ends here.
            context?.pipeline.fireErrorCaught(HTTPParserError.invalidEOFState)
        case .receiving:
            receiver.countTimedOut()
            refuse(.slow)
        case .waiting: answer(.blocked("the writers are behind"))
        case .taken: answer(.timeout)
        case .skipping: break
        case .leaving: context?.close(promise: nil)
        }
        if phase == .skipping {
            phase = .leaving
            context?.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, phase != .leaving else {
            return context.close(promise: nil)
        }
        if phase == .idle { request = Request() }
        let isLate = client.hasBegun && deadline == .max
        if isLate { receiver.countTimedOut() } else { receiver.countViolation() }
        release()
        send(isLate ? .slow : Reply(error))
    }
}

/// Notes when bytes of a connection arrive, before they are a request.
final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: RequestHandler

    init(_ handler: RequestHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.sawBytes()
        context.fireChannelRead(data)
    }
}
