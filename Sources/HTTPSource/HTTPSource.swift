import Agents
package import Intake
import NIOCore
import NIOPosix
import Platform
import Synchronization

/// An HTTP source, as a path runs it.
///
/// Its event loop has a thread of its own, which alone has the lane; the path's thread starts it,
/// watches it, and passes its notices on.
final class HTTPSource: IntakeSource {
    private static let waitNanoseconds: Int64 = 750_000_000

    let endpoints: [String]
    private let configuration: HTTPConfiguration
    private let place: SourcePlace
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let bridge = LoopBridge()
    /// Nil once the loop has them.
    private let listening: Mutex<Listening?>
    /// Files of Unix sockets, which are removed at the end.
    private let files: [UnixListener]

    /// Binds all endpoints.
    init(_ configuration: HTTPConfiguration, at place: SourcePlace) throws(IntakeError) {
        self.configuration = configuration
        self.place = place
        place.shared.gate = configuration.keys
        let opened = try Listening(configuration)
        endpoints = opened.names
        files = opened.files
        listening = Mutex(opened)
    }

    var isFinished: Bool { bridge.hasEnded }

    func doWork() throws(IntakeError) -> Int {
        if let listening = listening.withLock({ $0.take() }) { start(listening) }
        try bridge.check()
        return 0
    }

    func idle(after count: Int) -> IdleStrategy { .wait(nanoseconds: Self.waitNanoseconds) }

    func wait(nanoseconds: Int64) throws(IntakeError) { bridge.wait(nanoseconds: nanoseconds) }

    func takeNotices() -> [PeerNotice] { bridge.takeNotices() }

    func close() {
        // Fails only if it is shut down already.
        try? group.syncShutdownGracefully()
        listening.withLock { $0.take() }?.close()
        for file in files { file.unlinkFile() }
    }

    private func start(_ listening: Listening) {
        let (configuration, place, bridge) = (configuration, place, bridge)
        let loop = group.next()
        loop.execute {
            let start = LoopStart(
                configuration,
                at: place,
                bridge: bridge,
                loop: loop,
                listening: listening
            )
            start.run()
        }
    }
}

/// Opens HTTP sources.
package enum HTTPSources {
    /// Binds all sources before any starts, so that a port in use leaves nothing half open.
    ///
    /// `places`: where each source connects to the path, one per source.
    package static func open(
        _ sources: [HTTPConfiguration],
        at places: [SourcePlace]
    ) throws(IntakeError) -> [any IntakeSource] {
        precondition(sources.count == places.count, "a place for each source")
        var opened: [HTTPSource] = []
        do throws(IntakeError) {
            for (configuration, place) in zip(sources, places) {
                opened.append(try HTTPSource(configuration, at: place))
            }
        } catch {
            for source in opened { source.close() }
            throw error
        }
        return opened
    }
}
