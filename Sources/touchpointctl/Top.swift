import ArgumentParser
import Control
import Dispatch
import FoundationEssentials
import Glibc
import Terminal

/// The command `touchpointctl top`.
struct Top: OnlineCommand {
    static let configuration = CommandConfiguration(
        abstract: "A full-screen view of the counters; q or Ctrl-C leaves.",
        discussion: """
            Without a terminal it prints plain lines, as 'stats --follow' does.

            Examples:
              touchpointctl top
              touchpointctl top --interval 250ms
            """
    )

    @OptionGroup var online: OnlineOptions
    @OptionGroup var pace: PaceOptions

    /// The events that the view waits for.
    private enum Event: Sendable {
        case snapshot(Data)
        case leave
        case failed(ControlClientError)
    }

    func run(on client: ControlClient) async throws {
        guard !online.json, let screen = TerminalScreen() else {
            return try await FollowPrinter(json: online.json, count: nil)
                .run(on: client, interval: pace.interval)
        }
        defer { screen.leave() }
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let signals = [SIGTERM, SIGHUP].map { Self.leave(on: $0, continuation) }
        defer { signals.forEach { $0.cancel() } }
        Self.watchKeys(continuation)
        let reading = Self.read(from: client, every: pace.interval, into: continuation)
        defer { reading.cancel() }
        var previous: StatsAnswer?
        for await event in events {
            switch event {
            case .leave: return
            case .failed(let error): throw error
            case .snapshot(let line):
                let stats = try ControlClient.decode(
                    line,
                    as: StatsAnswer.self,
                    request: "stats follow"
                )
                screen.show(StatsText.lines(stats, after: previous))
                previous = stats
            }
        }
    }

    private static func read(
        from client: ControlClient,
        every interval: FollowInterval,
        into continuation: AsyncStream<Event>.Continuation
    ) -> Task<Void, Never> {
        Task {
            do {
                for try await line in client.lines(interval.request) {
                    continuation.yield(.snapshot(line))
                }
            } catch {
                let known = error as? ControlClientError
                let reason = String(describing: error)
                continuation.yield(
                    .failed(known ?? .badAnswer(request: "stats follow", reason: reason))
                )
            }
        }
    }

    /// Reads keys on a separate thread, which ends with the process.
    private static func watchKeys(_ continuation: AsyncStream<Event>.Continuation) {
        DispatchQueue(label: "keys").async {
            while true {
                let key = TerminalScreen.key(milliseconds: 1000)
                if key == 3 || key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") {
                    continuation.yield(.leave)
                    return
                }
            }
        }
    }

    private static func leave(
        on number: Int32,
        _ continuation: AsyncStream<Event>.Continuation
    ) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { continuation.yield(.leave) }
        source.resume()
        return source
    }
}
