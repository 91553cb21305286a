import NIOCore
import NIOHTTP1

/// Answers one request of a connection, then closes it.
///
/// Runs on the connection's event loop.
final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let connections: MetricsConnections
    private let render: @Sendable () async -> [Metric]
    private var request: HTTPRequestHead?
    private var hasAnswered = false

    init(connections: MetricsConnections, render: @escaping @Sendable () async -> [Metric]) {
        self.connections = connections
        self.render = render
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = head
        case .body:
            // A request body is ignored.
            break
        case .end:
            guard let request, !hasAnswered else { return }
            hasAnswered = true
            connections.asked(context.channel)
            answer(request, context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ request: HTTPRequestHead, context: ChannelHandlerContext) {
        guard request.method == .GET || request.method == .HEAD else {
            return respond(.methodNotAllowed, "only GET and HEAD\n", context: context)
        }
        switch request.uri.prefix(while: { $0 != "?" }) {
        case "/metrics":
            answerMetrics(context: context)
        case "/":
            respond(.ok, "touchpointd: metrics for Prometheus are at /metrics\n", context: context)
        default:
            respond(.notFound, "nothing here; metrics are at /metrics\n", context: context)
        }
    }

    private func answerMetrics(context: ChannelHandlerContext) {
        let text = context.eventLoop.makeFutureWithTask { [render] in
            MetricsRenderer.text(await render())
        }
        text.assumeIsolated().whenSuccess { text in
            self.respond(.ok, text, type: MetricsRenderer.contentType, context: context)
        }
    }

    private func respond(
        _ status: HTTPResponseStatus,
        _ body: String,
        type: String = "text/plain; charset=utf-8",
        context: ChannelHandlerContext
    ) {
        let buffer = context.channel.allocator.buffer(string: body)
        var headers: HTTPHeaders = [
            "Content-Type": type,
            "Content-Length": "\(buffer.readableBytes)",
            "Connection": "close",
        ]
        if status == .methodNotAllowed {
            headers.add(name: "Allow", value: "GET, HEAD")
        }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        // The answer to HEAD lacks only the body (RFC 9110, 9.3.2).
        if request?.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
