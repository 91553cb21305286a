import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The Prometheus endpoint: `GET /metrics`, one answer a connection.
///
/// Made and stopped by the daemon's life cycle. It never touches the path: `render` gathers what
/// counters say, on Swift's own threads. At most 64 connections at a time, each for at most
/// 10 idle seconds, so that a stranger costs next to nothing.
package actor MetricsServer {
    /// Connections beyond this are closed at once.
    static let connectionsMax = 64
    /// How long a connection may say nothing.
    static let idle = TimeAmount.seconds(10)

    private let listen: String
    private let render: @Sendable () async -> [Metric]
    private let openConnections = ConnectionCount()
    private var channel: (any Channel)?

    /// `listen` is `host:port`, as checked in the configuration; port 0 lets the system choose.
    package init(listen: String, render: @escaping @Sendable () async -> [Metric]) {
        self.listen = listen
        self.render = render
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
            .childChannelInitializer { [render, openConnections] channel in
                guard openConnections.enter(max: MetricsServer.connectionsMax) else {
                    return channel.close()
                }
                channel.closeFuture.whenComplete { _ in openConnections.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: MetricsServer.idle))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(MetricsHandler(render: render))
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

/// How many connections are open, counted from event loops.
private final class ConnectionCount: Sendable {
    private let count = Atomic(0)

    func enter(max: Int) -> Bool {
        let (_, new) = count.add(1, ordering: .relaxed)
        guard new > max else { return true }
        leave()
        return false
    }

    func leave() {
        count.subtract(1, ordering: .relaxed)
    }
}
