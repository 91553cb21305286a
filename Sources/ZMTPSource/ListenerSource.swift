import Agents
package import Intake

/// A listening source, as a path runs it.
///
/// Carries the listener from the thread that binds it to the thread that runs and closes it.
final class ListenerSource: IntakeSource, @unchecked Sendable {
    // Unchecked: one thread at a time has the listener.
    private var listener: Listener?
    let endpoints: [String]

    init(_ listener: consuming Listener) {
        endpoints = listener.door.endpoints.names
        self.listener = consume listener
    }

    var isFinished: Bool { listener?.isFinished ?? true }

    func doWork() throws(IntakeError) -> Int { listener?.doWork() ?? 0 }

    func idle(after count: Int) -> IdleStrategy { listener?.idle(after: count) ?? .none }

    func wait(nanoseconds: Int64) throws(IntakeError) { listener?.wait(nanoseconds: nanoseconds) }

    func takeNotices() -> [PeerNotice] { listener?.notices.take() ?? [] }

    func close() {
        _ = listener.take()
    }
}

/// Opens listening sources.
package enum ListenerSources {
    /// Binds a source, which does nothing before it is run.
    ///
    /// `place`: where it connects to the path.
    package static func open(
        _ configuration: ListenerConfiguration,
        at place: SourcePlace
    ) throws(IntakeError) -> any IntakeSource {
        ListenerSource(try Listener(configuration, at: place))
    }
}
