import NIOCore

/// Watches the frames that an HTTP/2 connection sends, and can tell the client by itself that the
/// connection will end.
///
/// The protocol's handler takes no new stream once GOAWAY has passed through it. A client that opened
/// one before it heard of the end would see that reset. So the first GOAWAY of a connection that ends
/// is written here, beyond that handler, which goes on as before.
final class FrameWatch: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    // A frame (RFC 9113, section 4.1): 3 bytes length of the payload, 1 type, 1 flags, 4 stream.
    private static let headerBytes = 9
    private static let goAway: UInt8 = 7
    /// GOAWAY without an error, and without a last stream: no stream is refused by it.
    private static let announcement: [UInt8] = [
        0, 0, 8, goAway, 0, 0, 0, 0, 0,
        0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0,
    ]

    /// Whether the protocol's handler has sent GOAWAY: for it the whole connection has failed, or this
    /// end has closed it.
    private(set) var hasEnded = false
    /// Bytes of a frame's payload that have not passed yet.
    private var payloadLeft = 0
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        look(at: unwrapOutboundIn(data))
        context.write(data, promise: promise)
    }

    /// Goes from frame to frame; the head of one is never cut.
    private func look(at bytes: ByteBuffer) {
        var at = bytes.readerIndex
        while at < bytes.writerIndex {
            let part = min(payloadLeft, bytes.writerIndex - at)
            payloadLeft -= part
            at += part
            guard let head = bytes.getBytes(at: at, length: Self.headerBytes) else { return }
            if head[3] == Self.goAway { hasEnded = true }
            payloadLeft = head[..<3].reduce(0) { $0 << 8 | Int($1) }
            at += Self.headerBytes
        }
    }

    /// Writes that the client is to open no more streams here.
    func announceEnd() {
        context?.write(
            wrapOutboundOut(ByteBuffer(bytes: Self.announcement)),
            promise: nil
        )
    }
}
