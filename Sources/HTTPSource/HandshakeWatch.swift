import NIOCore
import NIOTLS
import Platform

/// What a receiver asks of a connection beside its requests.
protocol WatchedConnection: AnyObject {
    /// Ends what takes too long; `now`: monotonic nanoseconds.
    func look(at now: Int64)
    /// Reads again, once there is room for bodies.
    func resumeReading()
    /// Tells the other end, where that can be told, that the connection will end.
    func announceEnd()
    /// Ends it if it has been without a request for so many nanoseconds.
    func leave(ifIdleFor nanoseconds: Int64)
    /// Ends it, whatever it is doing.
    func cut()
}

/// Ends a connection whose TLS handshake fails or takes too long, and counts it.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler, WatchedConnection {
    typealias InboundIn = ByteBuffer

    private let receiver: Receiver
    private let began = SystemClock.monotonicNanoseconds
    private var context: ChannelHandlerContext?

    init(_ receiver: Receiver) {
        self.receiver = receiver
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        receiver.watch(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        receiver.unwatch(self)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case TLSUserEvent.handshakeCompleted = event else { return }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail()
    }

    func look(at now: Int64) {
        if now - began >= receiver.timeouts.header { fail() }
    }

    private func fail() {
        receiver.countFailedHandshake()
        cut()
    }

    func resumeReading() {}

    func announceEnd() {}

    func leave(ifIdleFor nanoseconds: Int64) {
        if SystemClock.monotonicNanoseconds - began >= nanoseconds { cut() }
    }

    func cut() {
        context?.close(promise: nil)
    }
}
