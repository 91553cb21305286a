import HTTPSource
import Intake
import ZMTPSource
import ZeroMQSource

/// The sources of a configuration, in order, each with the kind that opens it.
struct SourceOpening: Sendable {
    enum Choice: Sendable {
        case listener(ListenerConfiguration)
        case socket(SourceConfiguration)
        case edge(HTTPConfiguration)

        fileprivate var profile: SourceProfile {
            switch self {
            case .listener(let configuration): configuration.profile
            case .socket(let configuration): configuration.profile
            case .edge(let configuration): configuration.profile
            }
        }
    }

    let choices: [Choice]

    init(_ choices: [Choice]) {
        self.choices = choices
    }

    /// The settings that the path knows.
    var profiles: [SourceProfile] { choices.map(\.profile) }

    /// Opens all of them, each at its places, before any is run: a port in use leaves nothing half
    /// open.
    func open(at places: [[SourcePlace]]) throws(IntakeError) -> OpenSources {
        var opened: [Int: any IntakeSource] = [:]
        var sockets: [(at: Int, SourceConfiguration)] = []
        var edges: [(at: Int, HTTPConfiguration)] = []
        for (at, choice) in choices.enumerated() {
            switch choice {
            case .listener(let configuration):
                opened[at] = try ListenerSources.open(configuration, at: places[at][0])
            case .socket(let configuration): sockets.append((at, configuration))
            case .edge(let configuration): edges.append((at, configuration))
            }
        }
        let web = try HTTPSources.open(edges.map(\.1), at: edges.map { places[$0.at] })
        opened.merge(zip(edges.map(\.at), web)) { first, _ in first }
        var helpers: [any IntakeHelper] = []
        if !sockets.isEmpty {
            // They share a context.
            let others = try SocketSources.open(
                sockets.map(\.1),
                at: sockets.map { places[$0.at][0] }
            )
            for ((at, _), source) in zip(sockets, others.sources) { opened[at] = source }
            helpers = others.helpers
        }
        return OpenSources(
            sources: choices.indices.compactMap { opened[$0] },
            helpers: helpers
        )
    }
}
