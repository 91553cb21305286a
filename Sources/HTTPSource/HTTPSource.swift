import Agents
package import Intake
import NIOCore
import NIOPosix
import Platform
import Synchronization

/// An HTTP source, as a path runs it.
///
/// Each of its event loops has a thread of its own, which alone has the lane of its place; the path's
/// thread starts them, watches them, and passes their notices on.
final class HTTPSource: IntakeSource {
    private static let waitNanoseconds: Int64 = 750_000_000

    let endpoints: [String]
    private let configuration: HTTPConfiguration
    private let places: [SourcePlace]
    private let group: MultiThreadedEventLoopGroup
    private let commons: LoopCommons
    /// By place.
    private let bridges: [LoopBridge]
    /// Nil once the loops have them.
    private let listening: Mutex<Listening?>
    /// Files of Unix sockets, which are removed at the end.
    private let files: [UnixListener]

    /// Binds all endpoints.
    init(_ configuration: HTTPConfiguration, at places: [SourcePlace]) throws(IntakeError) {
        precondition(places.count == configuration.threads, "a place for each event loop")
        self.configuration = configuration
        self.places = places
        for place in places { place.shared.gate = configuration.keys }
        commons = LoopCommons(configuration, places: places.map(\.shared))
        bridges = places.map { _ in LoopBridge() }
        let opened = try Listening(configuration)
        endpoints = opened.names
        files = opened.files
        listening = Mutex(opened)
        group = MultiThreadedEventLoopGroup(numberOfThreads: places.count)
    }

    var isFinished: Bool { bridges.allSatisfy(\.hasEnded) }

    func doWork() throws(IntakeError) -> Int {
        if let listening = listening.withLock({ $0.take() }) { start(listening) }
        for bridge in bridges { try bridge.check() }
        return 0
    }

    func idle(after count: Int) -> IdleStrategy { .wait(nanoseconds: Self.waitNanoseconds) }

    func wait(nanoseconds: Int64) throws(IntakeError) {
        let before = bridges.map(\.beats)
        for (bridge, beats) in zip(bridges, before) {
            bridge.wait(since: beats, nanoseconds: nanoseconds)
        }
    }

    func takeNotices() -> [PeerNotice] { commons.takeNotices() }

    func close() {
        // Fails only if it is shut down already.
        try? group.syncShutdownGracefully()
        listening.withLock { $0.take() }?.close()
        for file in files { file.unlinkFile() }
    }

    /// Starts a receiver on each loop, then lets the first loop accept connections for all of them.
    private func start(_ listening: Listening) {
        let (configuration, commons, group) = (configuration, commons, group)
        let bridge = bridges[0]
        let loops = Array(group.makeIterator())
        let starts = loops.indices.map { at in
            LoopStart(
                configuration,
                at: places[at],
                commons: commons,
                bridge: bridges[at],
                loop: loops[at]
            )
        }
        EventLoopFuture.whenAllSucceed(starts.map { $0.run() }, on: loops[0])
            .whenComplete { result in
                switch result {
                case .success(let receivers):
                    let acceptance = Acceptance(
                        configuration,
                        commons: commons,
                        bridge: bridge,
                        group: group,
                        receivers: receivers
                    )
                    acceptance.accept(listening)
                case .failure(let error): bridge.fail(IntakeError("\(error)"))
                }
            }
    }
}

/// Opens HTTP sources.
package enum HTTPSources {
    /// Binds all sources before any starts, so that a port in use leaves nothing half open.
    ///
    /// `places`: where each source connects to the path, one per event loop.
    package static func open(
        _ sources: [HTTPConfiguration],
        at places: [[SourcePlace]]
    ) throws(IntakeError) -> [any IntakeSource] {
        precondition(sources.count == places.count, "places for each source")
        var opened: [HTTPSource] = []
        do throws(IntakeError) {
            for (configuration, places) in zip(sources, places) {
                opened.append(try HTTPSource(configuration, at: places))
            }
        } catch {
            for source in opened { source.close() }
            throw error
        }
        return opened
    }
}
