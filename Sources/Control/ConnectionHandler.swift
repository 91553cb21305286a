import NIOCore
import Platform

/// A client's connection: performs the actions of `ConnectionState`.
///
/// Runs on its event loop.
///
/// An answer may have any size. Each piece is sent after the previous one was taken: a client that
/// reads gets all of it, and one that does not is detected. No other client waits.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How long a client may be inactive.
    struct Patience: Sendable {
        /// Without a request.
        var idle: TimeAmount
        /// Without reading, while an answer waits for it.
        var unread: TimeAmount
    }

    /// The size of a piece: the next one is sent when this much has been taken.
    private static let pieceBytes = 64 << 10

    /// An answer that is being sent.
    private struct Sending {
        var rest: ByteBuffer
        let bytes: Int
        let isError: Bool
        /// When the client last took data.
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

    /// Stops reading while requests wait; later input stays in the socket.
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

    /// Notes in the registry when it becomes idle or busy.
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

/// Sends an answer piece by piece, and detects clients that do not read or do not ask.
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
            // Scheduled: called directly, a client that reads fast would make the stack grow.
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

    /// When the client is disconnected if it stays inactive.
    private var deadline: NIODeadline? {
        if let sending { return sending.movedAt + patience.unread }
        return state.isIdle ? idleSince + patience.idle : nil
    }

    /// Schedules a check at the deadline or before it.
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
