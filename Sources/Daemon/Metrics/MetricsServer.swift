import Configuration
import NIOCore
import NIOHTTP1
import NIOPosix

/// The Prometheus endpoint: `GET /metrics`, one answer a connection.
///
/// Made and stopped by the daemon's life cycle. It never touches the path: `render` gathers what
/// counters say, on Swift's own threads. At most 64 connections at a time, each for a few seconds,
/// so that a stranger costs next to nothing.
package actor MetricsServer {
    /// Beyond this a connection that has not asked yet gives way, or else the new one is closed.
    static let connectionsMax = 64
    /// From the start of a connection until its request is whole.
    static let requestMax = Duration.seconds(5)
    /// How much longer its answer may take.
    static let answerMax = Duration.seconds(10)

    private let listen: String
    private let render: @Sendable () async -> [Metric]
    private let connections: MetricsConnections
    private var channel: (any Channel)?

    /// `listen` is `host:port`, as checked in the configuration; port 0 lets the system choose.
    package init(listen: String, render: @escaping @Sendable () async -> [Metric]) {
        self.init(listen: listen, requestMax: Self.requestMax, render: render)
    }

    init(
        listen: String,
        requestMax: Duration,
        render: @escaping @Sendable () async -> [Metric]
    ) {
        self.listen = listen
        self.render = render
        connections = MetricsConnections(
            connectionsMax: Self.connectionsMax,
            requestMax: TimeAmount(requestMax),
            answerMax: TimeAmount(Self.answerMax)
        )
    }

    /// The port that is bound, nil while stopped.
    package var port: Int? { channel?.localAddress?.port }

    /// Binds, and gives the port.
    ///
    /// Throws when the address cannot be had; retrying may help once another process gave it up.
    @discardableResult
    package func start() async throws(MetricsServerError) -> Int {
        precondition(channel == nil, "a metrics server is started once")
        guard let address = HostPort(listen), let port = address.port else {
            throw MetricsServerError(listen: listen, cause: "expected host:port")
        }
        do {
            let bound = try await bootstrap.bind(host: address.host, port: port).get()
            channel = bound
            return bound.localAddress?.port ?? port
        } catch {
            throw MetricsServerError(listen: listen, cause: MetricsServerError.cause(of: error))
        }
    }

    /// Stops listening; answers under way are finished.
    ///
    /// Stopping twice is fine.
    package func stop() async {
        // Closing fails only if it is closed already.
        try? await channel?.close().get()
        channel = nil
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [render, connections] channel in
                guard connections.enter(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(
                        MetricsHandler(connections: connections, render: render)
                    )
                }
            }
    }
}

/// Why the endpoint could not be opened.
package struct MetricsServerError: Error, CustomStringConvertible {
    let listen: String
    let cause: String

    /// What was tried, why it failed, and what to do.
    package var description: String {
        "cannot listen on \(listen) for metrics: \(cause);"
            + " change metrics.listen, or switch it off with metrics: { listen: off }"
    }

    static func cause(of error: any Error) -> String {
        (error as? IOError)?.localizedDescription ?? "\(error)"
    }
}
