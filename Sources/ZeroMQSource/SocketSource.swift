import Agents
package import Intake
import ZeroMQ

/// A source over a ZeroMQ socket, as a path runs it.
///
/// Carries the receiver from the thread that binds it to the thread that runs it and closes the
/// socket.
final class SocketSource: IntakeSource, @unchecked Sendable {
    // Unchecked: one thread at a time has the receiver.
    private var receiver: Receiver?
    let endpoints: [String]

    init(_ receiver: consuming Receiver) {
        endpoints = receiver.endpoints
        self.receiver = consume receiver
    }

    var isFinished: Bool { receiver?.isFinished ?? true }

    func doWork() throws(IntakeError) -> Int {
        do throws(ZeroMQError) {
            return try receiver?.doWork() ?? 0
        } catch {
            throw IntakeError("\(error)")
        }
    }

    func idle(after count: Int) -> IdleStrategy { receiver?.idle(after: count) ?? .none }

    func wait(nanoseconds: Int64) throws(IntakeError) {
        do throws(ZeroMQError) {
            try receiver?.wait(milliseconds: Int(nanoseconds / 1_000_000))
        } catch {
            throw IntakeError("\(error)")
        }
    }

    func takeNotices() -> [PeerNotice] { receiver?.takeNotices() ?? [] }

    func close() {
        _ = receiver.take()
    }
}

/// Opens ZeroMQ sources, which share a context and a gate.
package enum SocketSources {
    /// Binds all sources before any starts, so that a port in use leaves nothing half open.
    ///
    /// `places`: where each source connects to the path, one per source.
    package static func open(
        _ sources: [SourceConfiguration],
        at places: [SourcePlace]
    ) throws(IntakeError) -> OpenSources {
        precondition(sources.count == places.count, "a place for each source")
        let context: Context
        do throws(ZeroMQError) {
            // A source has a socket, its monitor and the monitor's other end.
            let sockets = max(Context.socketsMaxDefault, sources.count * 3 + 64)
            context = try Context(ioThreads: 1, socketsMax: sockets)
        } catch {
            throw IntakeError("\(error)")
        }
        let gate = try Gate(in: context)
        var opened: [SocketSource] = []
        for (configuration, place) in zip(sources, places) {
            opened.append(SocketSource(try Receiver(configuration, in: context, at: place)))
        }
        return OpenSources(sources: opened, helpers: [gate])
    }
}
