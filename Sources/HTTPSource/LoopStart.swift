import Glibc
import Intake
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Platform

/// Makes a receiver on its event loop, and opens its doors.
struct LoopStart {
    private let configuration: HTTPConfiguration
    private let place: SourcePlace
    private let bridge: LoopBridge
    private let loop: any EventLoop
    private let listening: Listening

    /// To be used on the loop's thread.
    init(
        _ configuration: HTTPConfiguration,
        at place: SourcePlace,
        bridge: LoopBridge,
        loop: any EventLoop,
        listening: Listening
    ) {
        self.configuration = configuration
        self.place = place
        self.bridge = bridge
        self.loop = loop
        self.listening = listening
    }

    func run() {
        let receiver = Receiver(configuration, at: place, loop: loop, bridge: bridge)
        watchSignals(receiver)
        for descriptor in listening.descriptors { accept(descriptor, receiver) }
        let bound = NIOLoopBound(receiver, eventLoop: loop)
        loop.scheduleRepeatedTask(
            initialDelay: .zero,
            delay: .milliseconds(Receiver.tickMilliseconds)
        ) { _ in bound.value.tick() }
    }

    /// Wakes the loop when other threads signal the source.
    private func watchSignals(_ receiver: Receiver) {
        let descriptor = StreamConnection.duplicate(place.shared.eventDescriptor)
        guard descriptor >= 0 else {
            return bridge.fail(IntakeError("eventfd: \(SystemError(code: -descriptor))"))
        }
        let bound = NIOLoopBound(receiver, eventLoop: loop)
        let bridge = bridge
        NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SignalHandler(bound.value))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .whenFailure { bridge.fail(IntakeError("eventfd: \($0)")) }
    }

    private func accept(_ descriptor: Int32, _ receiver: Receiver) {
        let bound = NIOLoopBound(receiver, eventLoop: loop)
        let (bridge, certificate) = (bridge, configuration.certificate)
        ServerBootstrap(group: loop)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 512,
                    initial: 2_048,
                    maximum: 65_536
                )
            )
            .childChannelInitializer { channel in
                let receiver = bound.value
                let client = Client(channel.remoteAddress, isEncrypted: certificate != nil)
                guard receiver.admits(client) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try Self.build(
                        channel.pipeline.syncOperations,
                        RequestHandler(receiver, client: client),
                        certificate: certificate
                    )
                }
            }
            .withBoundSocket(descriptor)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    Listening.restoreBacklog(of: descriptor)
                    receiver.add(channel)
                case .failure(let error): bridge.fail(IntakeError("cannot listen: \(error)"))
                }
            }
    }

    private static func build(
        _ pipeline: ChannelPipeline.SynchronousOperations,
        _ handler: RequestHandler,
        certificate: CertificateBox?
    ) throws {
        if let certificate {
            try pipeline.addHandler(NIOSSLServerHandler(context: certificate.context))
        }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 64 << 10
        limits.maxHeaderFieldCount = 100
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
}

/// Lets a receiver do what other threads ask for.
private final class SignalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let receiver: Receiver

    init(_ receiver: Receiver) {
        self.receiver = receiver
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        receiver.attend()
    }
}
