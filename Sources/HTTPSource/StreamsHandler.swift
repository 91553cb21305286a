import NIOCore
import NIOHTTP2
import NIOSSL
import Platform

/// One HTTP/2 connection: how many requests it has, whether it is read, and how it ends.
///
/// Each of its requests is a stream with a ``RequestHandler``. All bytes of bodies that arrive count
/// in the source's budget; while that is used up, nothing of the connection is read.
///
/// The end of a connection is announced by GOAWAY. Streams that the client opened before it heard of
/// that are answered. It confirms a PING after them; with the last answer after that, a second GOAWAY
/// names the last stream, and the connection ends.
final class StreamsHandler: ChannelDuplexHandler, WatchedConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// How far the end of the connection has come.
    private enum Departure {
        case none
        /// The client is told to open no more streams.
        case announced
        /// It has heard of that: every stream that it opened before has come.
        case heard
        /// This direction ended; when the connection is cut, in monotonic nanoseconds.
        case ended(deadline: Int64)
    }

    /// The content of the PING that the client confirms.
    private static let mark = HTTP2PingData(withInteger: 0x676F_6F64_2062_7965)
    /// How long the other end may take to close, after this end has.
    private static let lingerNanoseconds: Int64 = 2_000_000_000

    private let receiver: Receiver
    private let frames: FrameWatch
    private var context: ChannelHandlerContext?
    private var streamCount = 0
    private var lastStream = HTTP2StreamID.rootStream
    private var isReadHeld = false
    private var hasFailed = false
    private var departure = Departure.none
    /// Since when there has been no stream; monotonic nanoseconds.
    private var idleSince = SystemClock.monotonicNanoseconds

    init(_ receiver: Receiver, _ frames: FrameWatch) {
        self.receiver = receiver
        self.frames = frames
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        receiver.watch(self)
        if receiver.isDraining { announceEnd() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        receiver.unwatch(self)
    }

    /// Counts a stream until it ends.
    func add(_ stream: any Channel) throws {
        streamCount += 1
        if let options = stream.syncOptions {
            lastStream = max(lastStream, try options.getOption(HTTP2StreamChannelOptions.streamID))
        }
        stream.closeFuture.assumeIsolated().whenComplete { _ in self.countEnd() }
    }

    private func countEnd() {
        streamCount -= 1
        guard streamCount == 0 else { return }
        idleSince = SystemClock.monotonicNanoseconds
        // The end of the last answer is not on its way yet.
        context?.eventLoop.assumeIsolated().execute { self.endIfDone() }
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
        guard case .ping(Self.mark, ack: true) = unwrapInboundIn(data).payload,
            case .announced = departure
        else { return }
        departure = .heard
        endIfDone()
    }

    // MARK: - The end

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // One that vanishes breaks no rule.
        let isGone = error is NIOSSLError || error is IOError || error is ChannelError
        if !isGone, !hasFailed { receiver.countViolation() }
        // The handler in front has told the client why. After a stream's fault it has reset that
        // stream, and the others go on; after another one it has sent GOAWAY.
        let isOfProtocol = error is any NIOHTTP2Error || error is NIOHTTP2Errors.StreamError
        if isOfProtocol, !frames.hasEnded { return }
        hasFailed = true
        context.close(promise: nil)
    }

    func look(at now: Int64) {
        if case .ended(let deadline) = departure {
            if now >= deadline { cut() }
        } else if streamCount == 0, now - idleSince >= receiver.timeouts.idle {
            end()
        }
    }

    /// Tells the client to open no more streams; those that are under way are answered.
    func announceEnd() {
        guard let context, case .none = departure else { return }
        departure = .announced
        frames.announceEnd()
        let ping = HTTP2Frame(streamID: .rootStream, payload: .ping(Self.mark, ack: false))
        context.writeAndFlush(wrapOutboundOut(ping), promise: nil)
    }

    private func endIfDone() {
        if case .heard = departure, streamCount == 0 { end() }
    }

    /// Tells the client which stream was the last, and ends this direction, so that the client sees
    /// all that was sent.
    private func end() {
        guard let context else { return }
        if case .ended = departure { return }
        let deadline = SystemClock.monotonicNanoseconds &+ Self.lingerNanoseconds
        departure = .ended(deadline: deadline)
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil)
        )
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        context.close(mode: .output, promise: nil)
    }

    func leave(ifIdleFor nanoseconds: Int64) {
        // Of a client that confirms no PING, requests may still be on their way.
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
