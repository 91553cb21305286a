import Glibc
import NIOCore
import NIOPosix
import Platform
import Synchronization

/// The server of the control socket: it reads a line and writes a line of JSON.
///
/// The daemon creates and owns it. All connections run on one event loop; requests run in tasks of
/// their own, so a slow request delays only its own connection. Any thread.
package final class ControlServer: Sendable {
    /// The path of the socket, and the limits of its clients.
    package struct Configuration: Sendable {
        package var path: String
        /// Permission bits of the socket file.
        package var mode: UInt32
        /// The group whose members may use changing verbs; nil: the socket file's.
        package var group: String?
        package var connectionsMax: Int
        /// The number of connections reserved for root and the daemon's user.
        package var connectionsReserved: Int
        /// The longest request, without its line end.
        package var requestBytesMax: Int
        /// The limit of unread answers of all clients together; a single one may be longer.
        package var answersBytesMax: Int
        /// How long a client may leave an answer unread before it is disconnected.
        package var unreadMax: Duration
        /// How long a client may be idle before it is disconnected; followers without limit.
        package var idleMax: Duration

        package init(
            path: String,
            mode: UInt32 = 0o660,
            group: String? = nil,
            connectionsMax: Int = 64,
            connectionsReserved: Int = 8,
            requestBytesMax: Int = 64 << 10,
            answersBytesMax: Int = 256 << 20,
            unreadMax: Duration = .seconds(10),
            idleMax: Duration = .seconds(30)
        ) {
            self.path = path
            self.mode = mode
            self.group = group
            self.connectionsMax = connectionsMax
            self.connectionsReserved = connectionsReserved
            self.requestBytesMax = requestBytesMax
            self.answersBytesMax = answersBytesMax
            self.unreadMax = unreadMax
            self.idleMax = idleMax
        }
    }

    private struct Running {
        let socket: UnixListener
        let channel: any Channel
        let registry: ConnectionRegistry
    }

    private let configuration: Configuration
    private let handler: ControlHandler
    private let onChange: @Sendable (ChangeRecord) -> Void
    private let running = Mutex<Running?>(nil)

    /// `onChange` is called with every changing verb, before it is executed or when it is refused.
    package init(
        configuration: Configuration,
        handler: ControlHandler,
        onChange: @escaping @Sendable (ChangeRecord) -> Void
    ) {
        self.configuration = configuration
        self.handler = handler
        self.onChange = onChange
    }

    /// Opens the socket and serves from now on.
    ///
    /// Call it once until `stop`.
    ///
    /// - Throws: `ControlServerError`: in use, not a socket, path too long, no such group, or a
    ///   system error.
    package func start() async throws {
        let group = try configuration.group.map { name throws(ControlServerError) in
            try SteeringGroup.id(named: name, path: configuration.path)
        }
        let socket = try Self.openSocket(configuration)
        let registry = ConnectionRegistry(
            connectionsMax: configuration.connectionsMax,
            reserved: configuration.connectionsReserved,
            answersBytesMax: configuration.answersBytesMax
        )
        let service = RequestService(
            permission: ControlPermission(
                daemonUID: geteuid(),
                groupID: group ?? socket.groupID,
                groupText: configuration.group.map { "group \($0)" }
                    ?? "the control socket's group"
            ),
            handler: handler,
            onChange: onChange
        )
        do {
            let channel = try await listen(on: socket, registry: registry, service: service)
            let started = Running(socket: socket, channel: channel, registry: registry)
            running.withLock {
                precondition($0 == nil, "a control server is started once")
                $0 = started
            }
        } catch {
            socket.unlinkFile()
            throw error
        }
    }

    /// Accepts no more connections, removes the socket file, lets current requests finish for up to
    /// `grace`, and closes everything.
    ///
    /// Harmless when not started.
    package func stop(grace: Duration = .seconds(1)) async {
        let stopping = running.withLock { running in
            defer { running = nil }
            return running
        }
        guard let stopping else { return }
        stopping.socket.unlinkFile()
        try? await stopping.channel.close().get()
        await stopping.registry.stopAll(grace: grace)
    }

    /// The number of connected clients; for tests.
    var openConnections: Int { running.withLock { $0?.registry.count ?? 0 } }

    private func listen(
        on socket: UnixListener,
        registry: ConnectionRegistry,
        service: RequestService
    ) async throws -> any Channel {
        let requestBytesMax = configuration.requestBytesMax
        let patience = ConnectionHandler.Patience(
            idle: TimeAmount(configuration.idleMax),
            unread: TimeAmount(configuration.unreadMax)
        )
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        // For the one event loop that all connections run on.
        let feeds = NIOLoopBoundBox.makeBoxSendingValue(
            FollowFeeds(service: service, eventLoop: eventLoop),
            eventLoop: eventLoop
        )
        return try await ServerBootstrap(group: eventLoop)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionHandler(
                            service: service,
                            registry: registry,
                            feeds: feeds.value,
                            requestBytesMax: requestBytesMax,
                            patience: patience
                        )
                    )
                }
            }
            .withBoundSocket(socket.descriptor)
            .get()
    }
}
