import NIOCore
import NIOHTTP2
import NIOSSL
import Platform

/// One HTTP/2 connection: how many requests it has, whether it is read, and how it ends.
///
/// Each of its requests is a stream with a ``RequestHandler``. All bytes of bodies that arrive count
/// in the source's budget; while that is used up, nothing of the connection is read.
final class StreamsHandler: ChannelDuplexHandler, WatchedConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let receiver: Receiver
    private var context: ChannelHandlerContext?
    private var streamCount = 0
    private var isReadHeld = false
    private var hasFailed = false
    /// Since when there has been no stream; monotonic nanoseconds.
    private var idleSince = SystemClock.monotonicNanoseconds

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

    /// Counts a stream until it ends.
    func add(_ stream: any Channel) {
        streamCount += 1
        stream.closeFuture.assumeIsolated().whenComplete { _ in self.countEnd() }
    }

    private func countEnd() {
        streamCount -= 1
        if streamCount == 0 { idleSince = SystemClock.monotonicNanoseconds }
    }

    // MARK: - Reading

    func read(context: ChannelHandlerContext) {
        if receiver.mayRead() { context.read() } else { isReadHeld = true }
    }

    func resumeReading() {
        guard isReadHeld else { return }
        isReadHeld = false
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Frames of the connection itself were acted on before they come here.
    }

    // MARK: - The end

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The handler in front has told the client why. One that vanishes breaks no rule.
        let isGone = error is NIOSSLError || error is IOError || error is ChannelError
        if !isGone, !hasFailed { receiver.countViolation() }
        hasFailed = true
        context.close(promise: nil)
    }

    func look(at now: Int64) {
        if streamCount == 0, now - idleSince >= receiver.timeouts.idle { end() }
    }

    /// Tells the client that its connection ends, and ends it.
    private func end() {
        guard let context else { return }
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil)
        )
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        cut()
    }

    func leave(ifIdleFor nanoseconds: Int64) {
        // Not earlier: with GOAWAY, requests on their way would be refused without an answer.
        let isIdle = SystemClock.monotonicNanoseconds - idleSince >= nanoseconds
        if streamCount == 0, isIdle { end() }
    }

    func cut() {
        context?.close(promise: nil)
    }
}

/// Ends a stream whose request has not come whole, after its answer: the rest is not wanted.
final class StreamEnd: ChannelOutboundHandler {
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// Asks for it.
    enum Event { case now }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard event is Event else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        context.writeAndFlush(wrapOutboundOut(.rstStream(.noError)), promise: promise)
    }
}
