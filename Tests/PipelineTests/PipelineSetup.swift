import Events
import Intake
import Pipeline
import ZeroMQSource

/// The configuration of a test's pipeline, and of its sources of both kinds.
@dynamicMemberLookup
struct PipelineSetup {
    private var configuration: PipelineConfiguration
    /// The ZeroMQ sources.
    var sources = [PipelineRig.source("reliable", .router), PipelineRig.source("plain", .pull)]
    /// The test's own sources, after them.
    var processes: [SourceProfile] = []

    init(run: String) throws {
        configuration = PipelineConfiguration(
            node: "t1",
            run: run,
            sources: sources.map(\.profile),
            ringBytes: 1 << 20,
            template: try PartitionTemplate("channel={channel}"),
            tunables: PipelineConfiguration.Tunables(
                commitInterval: .milliseconds(20),
                freeBytesMin: 0
            )
        )
    }

    subscript<Value>(dynamicMember path: WritableKeyPath<PipelineConfiguration, Value>) -> Value {
        get { configuration[keyPath: path] }
        set { configuration[keyPath: path] = newValue }
    }

    /// The configuration with all sources.
    var complete: PipelineConfiguration {
        var configuration = configuration
        configuration.sources = sources.map(\.profile) + processes
        return configuration
    }

    func openSockets(_ places: [[SourcePlace]]) throws(IntakeError) -> OpenSources {
        if sources.isEmpty { return OpenSources(sources: []) }
        return try SocketSources.open(sources, at: places.prefix(sources.count).map { $0[0] })
    }

    /// The test's own sources by place, in their order.
    func openProcesses(_ places: [[SourcePlace]]) -> [[ProcessSource]] {
        zip(places.dropFirst(sources.count), processes).map { places, profile in
            places.map { ProcessSource($0, isAnswered: profile.isAnswered) }
        }
    }
}
