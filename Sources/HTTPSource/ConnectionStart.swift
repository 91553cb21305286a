import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL
import NIOTLS

/// Makes the handlers of a new connection: those of HTTP/1.1, or after a TLS handshake those of the
/// version that the client chose.
struct ConnectionStart {
    /// The longest header field, the size of all of them, and their number.
    static let fieldBytesMax = 16 << 10
    static let fieldsBytesMax = 64 << 10
    static let fieldsMax = 100

    private let receiver: Receiver
    private let client: Client

    init(_ receiver: Receiver, _ client: Client) {
        self.receiver = receiver
        self.client = client
    }

    /// Adds the first handlers; on the loop's thread.
    func begin(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        guard let certificate = receiver.configuration.certificate else {
            return try addHandlers(to: pipeline)
        }
        let negotiation = ApplicationProtocolNegotiationHandler { result, channel in
            channel.eventLoop.makeCompletedFuture {
                try goOn(channel, with: result)
            }
        }
        try pipeline.addHandlers([
            NIOSSLServerHandler(context: certificate.context), HandshakeWatch(receiver),
            negotiation,
        ])
    }

    private func goOn(_ channel: any Channel, with result: ALPNResult) throws {
        let pipeline = channel.pipeline.syncOperations
        if result == .negotiated("h2") {
            try addStreams(to: pipeline, of: channel)
        } else {
            try addHandlers(to: pipeline)
        }
    }

    // MARK: - HTTP/1.1

    private func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        let handler = RequestHandler(receiver, client: client)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Self.fieldBytesMax
        limits.maxHeaderListSize = Self.fieldsBytesMax
        limits.maxHeaderFieldCount = Self.fieldsMax
        try pipeline.addHandlers([
            ByteWatch(handler),
            HTTPResponseEncoder(),
            ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
            ),
            HTTPServerPipelineHandler(),
            handler,
        ])
    }

    // MARK: - HTTP/2

    /// Requests of a connection at a time.
    private static let streamsMax = 100
    /// Bytes that a client may send ahead: in a body, and in all bodies of its connection.
    private static let streamWindowBytes = 256 << 10
    private static let connectionWindowBytes = 1 << 20
    /// Control frames that wait for a client that does not read.
    private static let waitingFramesMax = 1_000
    /// Frames that bring nothing, per ``floodSeconds``: resets, faulty streams, control frames.
    private static let floodMax = 200
    private static let floodSeconds = TimeAmount.seconds(30)

    private func addStreams(
        to pipeline: ChannelPipeline.SynchronousOperations,
        of channel: any Channel
    ) throws {
        let frames = FrameWatch()
        let streams = StreamsHandler(receiver, frames)
        let bound = NIOLoopBound((receiver, client, streams), eventLoop: channel.eventLoop)
        let handler = NIOHTTP2Handler(
            mode: .server,
            eventLoop: channel.eventLoop,
            connectionConfiguration: Self.connectionLimits,
            streamConfiguration: Self.streamLimits
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let (receiver, client, streams) = bound.value
                try streams.add(stream)
                try stream.pipeline.syncOperations.addHandlers([
                    StreamEnd(), HTTP2FramePayloadToHTTP1ServerCodec(),
                    RequestHandler(receiver, client: client, streams: streams),
                ])
            }
        }
        try pipeline.addHandlers([frames, handler, streams])
    }

    private static var connectionLimits: NIOHTTP2Handler.ConnectionConfiguration {
        var limits = NIOHTTP2Handler.ConnectionConfiguration()
        limits.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streamsMax),
            HTTP2Setting(parameter: .maxHeaderListSize, value: fieldsBytesMax),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindowBytes),
        ]
        limits.targetWindowSize = connectionWindowBytes
        limits.maximumBufferedControlFrames = waitingFramesMax
        limits.maximumSequentialEmptyDataFrames = 1
        limits.maximumSequentialContinuationFrames = 5
        // Faulty streams are counted by time, so that a proxy's connection may be a long one.
        limits.maximumConnectionGlitches = .max
        limits.controlFrameRateLimit.maximumCount = floodMax
        limits.controlFrameRateLimit.windowLength = floodSeconds
        return limits
    }

    private static var streamLimits: NIOHTTP2Handler.StreamConfiguration {
        var limits = NIOHTTP2Handler.StreamConfiguration()
        limits.targetWindowSize = streamWindowBytes
        limits.streamResetFrameRateLimit.maximumCount = floodMax
        limits.streamResetFrameRateLimit.windowLength = floodSeconds
        limits.streamErrorRateLimit.maximumCount = floodMax
        limits.streamErrorRateLimit.windowLength = floodSeconds
        return limits
    }

    /// Whether the fields of a head are within the limits; the parser of HTTP/1.1 asks by itself.
    static func isWithinLimits(_ fields: HTTPHeaders) -> Bool {
        var count = 0
        var bytes = 0
        for (name, value) in fields {
            let size = name.utf8.count + value.utf8.count
            count += 1
            bytes += size
            guard size <= fieldBytesMax, bytes <= fieldsBytesMax, count <= fieldsMax else {
                return false
            }
        }
        return true
    }
}
