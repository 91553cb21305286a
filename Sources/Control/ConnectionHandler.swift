import Foundation
import NIOCore

/// One client's connection: performs what `ConnectionState` decides.
///
/// Lives on its event loop.
///
/// A client that does not read fills `unreadBytesMax` and is then cut off; until then its answers
/// wait in this process and nobody else waits for them.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let service: RequestService
    private let registry: ConnectionRegistry
    private let unreadBytesMax: Int
    private var state: ConnectionState
    private var peer: PeerCredentials?
    private var unreadBytes = 0
    private var closesWhenSent = false
    private var isReadWaiting = false
    private var nextTick: Scheduled<Void>?

    init(
        service: RequestService,
        registry: ConnectionRegistry,
        requestBytesMax: Int,
        unreadBytesMax: Int
    ) {
        self.service = service
        self.registry = registry
        self.unreadBytesMax = unreadBytesMax
        self.state = ConnectionState(lineBytesMax: requestBytesMax)
    }

    func channelActive(context: ChannelHandlerContext) {
        peer =
            try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { PeerCredentials.of($0) } ?? nil
        if registry.admit(context.channel) {
            context.fireChannelActive()
        } else {
            send(RequestService.refusal(registry.refusal), context: context)
            perform(state.stop(), context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        nextTick?.cancel()
        nextTick = nil
        registry.remove(context.channel)
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
            case .startTicks(let interval): scheduleTick(interval, after: .now(), context: context)
            case .stopTicks:
                nextTick?.cancel()
                nextTick = nil
            case .close:
                closesWhenSent = true
                closeIfSent(context: context)
            }
        }
        if isReadWaiting, state.wantsInput {
            isReadWaiting = false
            context.read()
        }
    }

    private func answer(_ request: Request, context: ChannelHandlerContext) {
        guard case .once(let verb, let arguments) = request else { return }
        let promise = context.eventLoop.makePromise(of: RequestService.Answer.self)
        promise.completeWithTask { [service, peer] in
            await service.answer(verb, arguments, peer: peer)
        }
        promise.futureResult.assumeIsolated().whenSuccess { answer in
            guard context.channel.isActive else { return }
            self.send(answer, context: context)
            self.perform(self.state.answered(isError: answer.isError), context: context)
        }
    }

    /// Ticks keep to a grid from the first one on, so that a slow answer does not shift the rest.
    private func scheduleTick(
        _ interval: FollowInterval,
        after last: NIODeadline,
        context: ChannelHandlerContext
    ) {
        let step = TimeAmount.milliseconds(Int64(interval.milliseconds))
        let due = max(last + step, .now())
        nextTick = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            self.scheduleTick(interval, after: due, context: context)
            self.perform(self.state.tick(), context: context)
        }
    }

    private func send(_ answer: RequestService.Answer, context: ChannelHandlerContext) {
        let size = answer.line.count
        unreadBytes += size
        let sent = context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer.line)))
        sent.assumeIsolated().whenComplete { _ in
            self.unreadBytes -= size
            self.closeIfSent(context: context)
        }
        if unreadBytes > unreadBytesMax { context.close(promise: nil) }
    }

    private func closeIfSent(context: ChannelHandlerContext) {
        guard closesWhenSent, unreadBytes == 0, context.channel.isActive else { return }
        context.close(promise: nil)
    }
}
