import Intake
import NIOCore
import NIOPosix

/// Accepts the connections of a source on its first event loop, and hands them over to all of its
/// loops in turn.
struct Acceptance {
    private let configuration: HTTPConfiguration
    private let commons: LoopCommons
    private let bridge: LoopBridge
    private let group: MultiThreadedEventLoopGroup
    /// By place, and so by loop.
    private let receivers: [NIOLoopBound<Receiver>]

    init(
        _ configuration: HTTPConfiguration,
        commons: LoopCommons,
        bridge: LoopBridge,
        group: MultiThreadedEventLoopGroup,
        receivers: [NIOLoopBound<Receiver>]
    ) {
        self.configuration = configuration
        self.commons = commons
        self.bridge = bridge
        self.group = group
        self.receivers = receivers
    }

    /// To be called on the first loop's thread.
    func accept(_ listening: Listening) {
        let first = receivers[0].value
        let listeners = Listeners(receivers.map { $0.eventLoop }, commons)
        first.listeners = listeners
        let opening = listening.descriptors.map(open)
        EventLoopFuture.whenAllSucceed(opening, on: first.loop)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channels): for channel in channels { listeners.add(channel) }
                case .failure(let error): bridge.fail(IntakeError("cannot listen: \(error)"))
                }
            }
    }

    private func open(_ descriptor: Int32) -> EventLoopFuture<any Channel> {
        let byLoop = Dictionary(
            receivers.map { (ObjectIdentifier($0.eventLoop), $0) }
        ) { first, _ in first }
        let isEncrypted = configuration.certificate != nil
        // The group chooses its loops in turn.
        return ServerBootstrap(group: receivers[0].eventLoop, childGroup: group)
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
                guard let receiver = byLoop[ObjectIdentifier(channel.eventLoop)]?.value else {
                    preconditionFailure("a loop without a receiver")
                }
                let client = Client(channel.remoteAddress, isEncrypted: isEncrypted)
                guard receiver.admits(client, channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try ConnectionStart(receiver, client).begin(channel)
                }
            }
            .withBoundSocket(descriptor)
            .map { channel in
                Listening.restoreBacklog(of: descriptor)
                return channel
            }
    }
}
