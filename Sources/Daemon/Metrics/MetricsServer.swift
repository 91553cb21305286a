import Configuration
import NIOCore
import NIOHTTP1
import NIOPosix

/// The Prometheus endpoint: `GET /metrics`, one answer per connection.
///
/// The daemon's life cycle creates and stops it. It never uses the path's threads: `render` reads
/// counters on Swift's own threads. At most 64 connections exist at a time, each for a few seconds,
/// so that a stranger causes little cost.
package actor MetricsServer {
    /// Beyond this, a connection without a request is closed, or else the new one.
    static let connectionsMax = 64
    /// The time from the start of a connection until its request is complete.
    static let requestMax = Duration.seconds(5)
    /// The additional time for its answer.
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

    /// The bound port; nil while stopped.
    package var port: Int? { channel?.localAddress?.port }

    /// Binds, and returns the port.
    ///
    /// Throws when the address is unavailable; another process may free it before a retry.
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
    /// A second call has no effect.
    package func stop() async {
        // Closing fails only if it is already closed.
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

    /// The attempt, why it failed, and what to do.
    package var description: String {
        "cannot listen on \(listen) for metrics: \(cause);"
            + " change metrics.listen, or switch it off with metrics: { listen: off }"
    }

    static func cause(of error: any Error) -> String {
        (error as? IOError)?.localizedDescription ?? "\(error)"
    }
}
