import Glibc
import Intake
import NIOCore
import NIOPosix
import Platform

/// Makes a receiver on its event loop.
struct LoopStart: Sendable {
    private let configuration: HTTPConfiguration
    private let place: SourcePlace
    private let commons: LoopCommons
    private let bridge: LoopBridge
    private let loop: any EventLoop

    init(
        _ configuration: HTTPConfiguration,
        at place: SourcePlace,
        commons: LoopCommons,
        bridge: LoopBridge,
        loop: any EventLoop
    ) {
        self.configuration = configuration
        self.place = place
        self.commons = commons
        self.bridge = bridge
        self.loop = loop
    }

    /// Returns when the receiver works; any thread may call.
    func run() -> EventLoopFuture<NIOLoopBound<Receiver>> {
        loop.flatSubmit {
            let receiver = Receiver(
                configuration,
                at: place,
                commons: commons,
                loop: loop,
                bridge: bridge
            )
            let bound = NIOLoopBound(receiver, eventLoop: loop)
            loop.scheduleRepeatedTask(
                initialDelay: .zero,
                delay: .milliseconds(Receiver.tickMilliseconds)
            ) { _ in bound.value.tick() }
            return watchSignals(bound).map { bound }
        }
    }

    /// Wakes the loop when other threads signal its place.
    private func watchSignals(_ bound: NIOLoopBound<Receiver>) -> EventLoopFuture<Void> {
        let descriptor = StreamConnection.duplicate(place.shared.eventDescriptor)
        guard descriptor >= 0 else {
            let error = IntakeError("eventfd: \(SystemError(code: -descriptor))")
            return loop.makeFailedFuture(error)
        }
        return NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SignalHandler(bound.value))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .map { _ in }
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
