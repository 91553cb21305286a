import Compression
import Configuration
import Dedup
import Events
import HTTPSource
import Intake
import Pipeline
import Storage
import ZMTPSource
import ZeroMQSource

/// Conversion of a configuration file to the pipeline's settings.
extension Settings {
    /// The factor of `limits.message` up to which a gzip payload may inflate.
    private static let inflationMax = 8

    /// `run`: identifies this run of the daemon.
    func pipeline(run: String, cores: Int) throws(DaemonFailure) -> PipelineConfiguration {
        let writers = writers.count(cores: cores)
        let budget = try budget(writers: writers)
        var configuration = PipelineConfiguration(
            node: node,
            run: run,
            sources: try profiles(cores: cores),
            limits: PayloadLimits(
                eventBytesMax: limits.eventBytesMax,
                eventsMax: limits.eventsPerMessageMax,
                depthMax: limits.depthMax
            ),
            inflatedBytesMax: limits.messageBytesMax * Self.inflationMax,
            ringBytes: ring.capacityBytes,
            writers: writers,
            template: try template(),
            partitionTime: partition.time == .event ? .event : .received,
            valuesMax: partition.maxValues,
            openMax: min(partition.maxOpen, budget.openMax),
            engine: try engine(),
            level: compression.level,
            tunables: tunables,
            identities: IdentityWindow.Configuration(
                window: dedup.window,
                memoryBytesMax: dedup.memoryBytesMax
            )
        )
        configuration.sealsMax = budget.sealsMax
        configuration.eventTimes = partition.eventTimes
        return configuration
    }

    /// What the pipeline knows of each source; the keys themselves are read later.
    private func profiles(cores: Int) throws(DaemonFailure) -> [SourceProfile] {
        zip(sources, try sourceOpening(cores: cores).profiles).map { source, profile in
            var profile = profile
            profile.hasKeys =
                source.access.curve.keys != nil || !source.edge.keys.isEmpty
                || !source.edge.webhooks.isEmpty
            return profile
        }
    }

    /// The sources, each of its kind.
    func sourceOpening(
        cores: Int,
        keys: KeyRings? = nil,
        passed: PassedSockets? = nil
    ) throws(DaemonFailure) -> SourceOpening {
        let budget = try budget(writers: writers.count(cores: cores))
        let connectionsMax = min(limits.connectionsMax, budget.connectionsMax)
        var choices: [SourceOpening.Choice] = []
        for source in sources {
            if source.pattern == .http {
                var edge = try source.edge(limits, connectionsMax: budget.connectionsMax)
                keys?.edges.equip(&edge)
                edge.passed = passed?.byName ?? [:]
                edge.files.group = try source.socketGroup()
                choices.append(.edge(edge))
                continue
            }
            guard source.isNative else {
                choices.append(.socket(source.socket(limits, connectionsMax: connectionsMax)))
                continue
            }
            var listener = source.listener(limits, connectionsMax: connectionsMax)
            listener.keys = keys?[source.name]
            listener.files.group = try source.socketGroup()
            choices.append(.listener(listener))
        }
        return SourceOpening(choices)
    }

    private func budget(writers: Int) throws(DaemonFailure) -> DescriptorBudget {
        try DescriptorBudget(DescriptorBudget.limit, self, writers: writers)
    }

    /// The settings that can change during a run.
    var tunables: PipelineConfiguration.Tunables {
        var tunables = PipelineConfiguration.Tunables(
            commitInterval: commit.interval,
            segmentBytesMax: segment.bytesMax,
            segmentAgeMax: segment.ageMax,
            segmentIdleMax: segment.idle,
            freeBytesMin: UInt64(max(0, storage.minimumFreeBytes)),
            quarantineBytesMax: quarantine.bytesMax
        )
        tunables.quarantineShare = quarantine.perProducer
        tunables.producerLimits = ProducerLimits(
            eventsPerSecond: limits.perProducer.eventsPerSecond,
            bytesPerSecond: limits.perProducer.bytesPerSecond,
            bytesPerDay: limits.perProducer.bytesPerDay
        )
        return tunables
    }

    private func template() throws(DaemonFailure) -> PartitionTemplate {
        do {
            return try PartitionTemplate(partition.path)
        } catch {
            throw DaemonFailure(exitCode: 78, description: "partition.path: \(error)")
        }
    }

    private func engine() throws(DaemonFailure) -> Engine {
        let choice: EngineChoice =
            switch compression.engine {
            case .auto: .auto
            case .isal: .isal
            case .zlib: .zlib
            }
        do {
            return try choice.engine(forLevel: compression.level)
        } catch {
            throw DaemonFailure(exitCode: 78, description: "compression: \(error)")
        }
    }
}

extension Settings.Writers {
    /// `auto` is one per core: a second writer starts to work only when the first is behind.
    func count(cores: Int) -> Int {
        switch self {
        case .auto: max(1, min(cores, 16))
        case .count(let count): count
        }
    }
}

extension Settings.Source {
    func listener(_ limits: Settings.Limits, connectionsMax: Int) -> ListenerConfiguration {
        ListenerConfiguration(
            name: name,
            pattern: pattern == .router ? .router : .pull,
            bind: bind,
            channel: channel,
            messageBytesMax: limits.messageBytesMax,
            connectionsMax: connectionsMax,
            deduplicates: dedup == .on,
            files: ListenerConfiguration.SocketFiles(mode: access.socket.mode)
        )
    }

    func socket(_ limits: Settings.Limits, connectionsMax: Int) -> SourceConfiguration {
        let pattern: SourceConfiguration.Pattern =
            switch self.pattern {
            case .pull: .pull
            case .sub: .sub
            // Pattern http has a kind of source of its own.
            case .router, .http: .router
            }
        var configuration = SourceConfiguration(
            name: name,
            pattern: pattern,
            bind: bind,
            connect: connect,
            channel: channel,
            topics: topics,
            highWaterMark: highWaterMark,
            messageBytesMax: limits.messageBytesMax,
            connectionsMax: connectionsMax,
            deduplicates: dedup == .on
        )
        configuration.topicIsChannel = topicChannel == .on
        return configuration
    }
}

extension Settings.Partition {
    /// Which of the events' own times are believed; zero means any.
    var eventTimes: EventTimePolicy {
        func microseconds(_ duration: Duration) -> Int64? {
            duration > .zero ? duration.nanoseconds / 1_000 : nil
        }
        return EventTimePolicy(
            lateAfter: microseconds(late.after),
            separatesLate: late.into == .late,
            futureMax: microseconds(future)
        )
    }
}
