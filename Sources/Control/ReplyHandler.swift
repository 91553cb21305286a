import FoundationEssentials
import NIOCore

/// A request to be sent, with the receiver of its answers.
struct Outgoing: Sendable {
    /// One answer, or all lines from now on.
    enum Reply: Sendable {
        case once(EventLoopPromise<Data>)
        case stream(AsyncThrowingStream<Data, any Error>.Continuation)
    }

    let line: String
    let reply: Reply

    /// Ends the wait with an error; harmless after an answer.
    func fail(_ error: ControlClientError) {
        switch reply {
        case .once(let promise): promise.fail(error)
        case .stream(let continuation): continuation.finish(throwing: error)
        }
    }
}

/// The client's end of a connection: passes each line to the oldest waiting request.
final class ReplyHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Outgoing
    typealias OutboundOut = ByteBuffer

    /// The longest answer a client accepts: far longer than a list of all partitions, so that only
    /// a peer that is no daemon exceeds it.
    private static let answerBytesMax = 1 << 30

    private let path: String
    private var framer = LineFramer(lineBytesMax: answerBytesMax)
    private var waiting: [Outgoing] = []
    private var isClosed = false

    init(path: String) { self.path = path }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let outgoing = unwrapOutboundIn(data)
        guard !isClosed else {
            outgoing.fail(ControlClientError.closed(path: path))
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        waiting.append(outgoing)
        context.write(
            wrapOutboundOut(ByteBuffer(string: outgoing.line + "\n")),
            promise: promise
        )
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for piece in framer.append(unwrapInboundIn(data).readableBytesView) {
            guard case .line(let line) = piece else {
                failAll(
                    ControlClientError.badAnswer(
                        request: waiting.first?.line ?? "",
                        reason: "it is longer than \(Self.answerBytesMax) bytes"
                    )
                )
                context.close(promise: nil)
                return
            }
            deliver(Data(line))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        if let last = framer.finish(), case .line(let line) = last { deliver(Data(line)) }
        failAll(ControlClientError.closed(path: path))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func deliver(_ line: Data) {
        guard let first = waiting.first else { return }
        switch first.reply {
        case .once(let promise):
            waiting.removeFirst()
            promise.succeed(line)
        case .stream(let continuation): continuation.yield(line)
        }
    }

    private func failAll(_ error: ControlClientError) {
        let failing = waiting
        waiting = []
        for outgoing in failing { outgoing.fail(error) }
    }
}
