import NIOCore
import Platform

/// One client's connection: performs what `ConnectionState` decides.
///
/// Lives on its event loop.
///
/// An answer may have any size. It is sent in pieces, the next when the last one has been taken, so
/// a client that reads gets all of it and one that does not is noticed. Nobody else waits for it.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How long a client may do nothing.
    struct Patience: Sendable {
        /// Without a request.
        var idle: TimeAmount
        /// Without reading, while an answer waits for it.
        var unread: TimeAmount
    }

    /// What shows that a client reads: the next piece is sent when this much has been taken.
    private static let pieceBytes = 64 << 10

    /// An answer on its way.
    private struct Sending {
        var rest: ByteBuffer
        let bytes: Int
        let isError: Bool
        /// When the client last took something.
        var movedAt = NIODeadline.now()
    }

    private let service: RequestService
    private let registry: ConnectionRegistry
    private let feeds: FollowFeeds
    private let patience: Patience
    private var state: ConnectionState
    private var peer: PeerCredentials?
    private var sending: Sending?
    private var idleSince = NIODeadline.now()
    private var wasIdle = true
    private var isReadWaiting = false
    private var watch: (task: Scheduled<Void>, due: NIODeadline)?

    init(
        service: RequestService,
        registry: ConnectionRegistry,
        feeds: FollowFeeds,
        requestBytesMax: Int,
        patience: Patience
    ) {
        self.service = service
        self.registry = registry
        self.feeds = feeds
        self.patience = patience
        self.state = ConnectionState(lineBytesMax: requestBytesMax)
    }

    func channelActive(context: ChannelHandlerContext) {
        peer =
            try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { PeerCredentials.of($0) } ?? nil
        let isPrivileged = service.permission.isPrivileged(peer)
        if !registry.admit(context.channel, isPrivileged: isPrivileged) {
            perform(state.turnAway(registry.refusal), context: context)
        }
        keepWatch(context: context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        watch?.task.cancel()
        watch = nil
        feeds.leave(ObjectIdentifier(self))
        registry.remove(context.channel)
        if let sending { registry.release(answerBytes: sending.bytes) }
        sending = nil
        _ = state.stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(state.received(unwrapInboundIn(data).readableBytesView), context: context)
    }

    /// Holds reading back while requests wait; what the client sends then stays in the socket.
    func read(context: ChannelHandlerContext) {
        if state.wantsInput { context.read() } else { isReadWaiting = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: perform(state.inputClosed(), context: context)
        case ConnectionRegistry.Event.stop: perform(state.stop(), context: context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func perform(_ actions: [ConnectionState.Action], context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .answer(let request): answer(request, context: context)
            case .refuse(let error): send(RequestService.refusal(error), context: context)
            case .startTicks(let interval):
                feeds.join(ObjectIdentifier(self), interval) { answer in
                    guard self.state.tick() else { return }
                    self.send(answer, context: context)
                }
            case .stopTicks: feeds.leave(ObjectIdentifier(self))
            case .close: context.close(promise: nil)
            }
        }
        noteIdle(context: context)
        keepWatch(context: context)
        if isReadWaiting, state.wantsInput {
            isReadWaiting = false
            context.read()
        }
    }

    /// Tells the registry when it becomes idle, and when it no longer is.
    private func noteIdle(context: ChannelHandlerContext) {
        guard state.isIdle != wasIdle else { return }
        wasIdle = state.isIdle
        registry.note(context.channel, isIdle: wasIdle)
    }

    private func answer(_ request: Request, context: ChannelHandlerContext) {
        guard case .once(let verb, let arguments) = request else { return }
        let promise = context.eventLoop.makePromise(of: RequestService.Answer.self)
        promise.completeWithTask { [service, peer] in
            await service.answer(verb, arguments, peer: peer)
        }
        promise.futureResult.assumeIsolated().whenSuccess { self.send($0, context: context) }
    }
}

/// Sending an answer piece by piece, and noticing who does not read or does not ask.
extension ConnectionHandler {
    private func send(_ answer: RequestService.Answer, context: ChannelHandlerContext) {
        guard context.channel.isActive, sending == nil else { return }
        let size = answer.buffer.readableBytes
        if registry.reserve(answerBytes: size) {
            sending = Sending(rest: answer.buffer, bytes: size, isError: answer.isError)
        } else {
            let refusal = RequestService.refusal(registry.tooMuchWaits)
            sending = Sending(rest: refusal.buffer, bytes: 0, isError: true)
        }
        keepWatch(context: context)
        sendPiece(context: context)
    }

    private func sendPiece(context: ChannelHandlerContext) {
        guard let size = sending?.rest.readableBytes,
            let piece = sending?.rest.readSlice(length: min(size, Self.pieceBytes))
        else { return }
        context.writeAndFlush(wrapOutboundOut(piece)).assumeIsolated().whenComplete { result in
            guard case .success = result, self.sending != nil else { return }
            self.sending?.movedAt = .now()
            if self.sending?.rest.readableBytes == 0 { return self.sent(context: context) }
            // Not at once: a client that reads as fast as this writes would make the stack grow.
            context.eventLoop.assumeIsolated().execute { self.sendPiece(context: context) }
        }
    }

    private func sent(context: ChannelHandlerContext) {
        guard let done = sending else { return }
        sending = nil
        registry.release(answerBytes: done.bytes)
        idleSince = .now()
        perform(state.sent(isError: done.isError), context: context)
    }

    /// When the client is closed if nothing happens until then.
    private var deadline: NIODeadline? {
        if let sending { return sending.movedAt + patience.unread }
        return state.isIdle ? idleSince + patience.idle : nil
    }

    /// Sees to it that somebody looks again at the deadline, or before.
    private func keepWatch(context: ChannelHandlerContext) {
        guard context.channel.isActive, let due = deadline else { return }
        if let watch, watch.due <= due { return }
        watch?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            self.watch = nil
            if let deadline = self.deadline, deadline <= .now() {
                context.close(promise: nil)
            } else {
                self.keepWatch(context: context)
            }
        }
        watch = (task, due)
    }
}
