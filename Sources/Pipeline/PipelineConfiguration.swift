package import Compression
package import Dedup
package import Events
import Filing
package import Intake
package import Plan
package import Storage

/// The settings of a pipeline.
///
/// They are validated where a file is read; here only a programmer's errors trap.
package struct PipelineConfiguration: Sendable {
    package var node: String
    /// Identifies this run of the daemon in every event.
    package var run: String
    /// When the run began; microseconds since 1970.
    package var startedAt: Int64 = 0
    package var sources: [SourceProfile]
    package var limits: PayloadLimits
    /// The most bytes that a gzip payload may inflate to.
    package var inflatedBytesMax: Int
    /// Bytes of each ring, a power of two, at least four times the largest message.
    package var ringBytes: Int
    package var writers: Int
    package var template: PartitionTemplate
    package var partitionTime: PartitionRouter.Time
    /// Which of the events' own times are believed.
    package var eventTimes = EventTimePolicy()
    package var valuesMax: Int
    package var openMax: Int
    /// ``SegmentStore/Configuration/sealsMax``.
    package var sealsMax = SegmentStore.Configuration.sealsMaxDefault
    package var engine: Engine
    package var level: Int
    package var tunables: Tunables
    /// How long ids of sources that deduplicate are remembered, and in how much memory.
    package var identities: IdentityWindow.Configuration
    /// The hash that distinguishes events with the same id; equal in every run of a data folder.
    package var contentHash = ContentHash.random
    /// What is wanted of events at first; nil for nothing.
    package var wants: EventWants?
    /// What plans have judged in this run.
    package let planFigures = PlanFigures()
    /// What events have that plans did not.
    package let drift = DriftBook()

    /// The settings that can change during a run.
    package struct Tunables: Sendable, Equatable {
        /// The longest time that an event waits for its commit.
        package var commitInterval: Duration
        package var segmentBytesMax: Int
        package var segmentAgeMax: Duration
        package var segmentIdleMax: Duration
        /// Free bytes below which intake stops.
        package var freeBytesMin: UInt64
        /// The most bytes in quarantine; 0 is no limit.
        package var quarantineBytesMax: Int
        /// What each producer may send.
        package var producerLimits = ProducerLimits()
        /// The percentage of ``quarantineBytesMax`` that each producer may use; 100 is no limit.
        package var quarantineShare = 100

        var quarantineQuota: QuarantineQuota {
            QuarantineQuota(limit: quarantineBytesMax, share: quarantineShare)
        }

        package init(
            commitInterval: Duration = .milliseconds(100),
            segmentBytesMax: Int = 64 << 20,
            segmentAgeMax: Duration = .seconds(300),
            segmentIdleMax: Duration = .seconds(60),
            freeBytesMin: UInt64 = 512 << 20,
            quarantineBytesMax: Int = 1 << 30
        ) {
            self.commitInterval = commitInterval
            self.segmentBytesMax = segmentBytesMax
            self.segmentAgeMax = segmentAgeMax
            self.segmentIdleMax = segmentIdleMax
            self.freeBytesMin = freeBytesMin
            self.quarantineBytesMax = quarantineBytesMax
        }
    }

    package init(
        node: String,
        run: String,
        sources: [SourceProfile],
        limits: PayloadLimits = PayloadLimits(),
        inflatedBytesMax: Int = 32 << 20,
        ringBytes: Int = 64 << 20,
        writers: Int = 1,
        template: PartitionTemplate,
        partitionTime: PartitionRouter.Time = .received,
        valuesMax: Int = 64,
        openMax: Int = 256,
        engine: Engine = .isal,
        level: Int = 1,
        tunables: Tunables = Tunables(),
        identities: IdentityWindow.Configuration = IdentityWindow.Configuration()
    ) {
        precondition(!sources.isEmpty && writers >= 1, "a pipeline needs a source and a writer")
        precondition(
            writers < IdentityWindow.writersMax,
            "what earlier runs left counts as a writer"
        )
        self.node = node
        self.run = run
        self.sources = sources
        self.limits = limits
        self.inflatedBytesMax = inflatedBytesMax
        self.ringBytes = ringBytes
        self.writers = writers
        self.template = template
        self.partitionTime = partitionTime
        self.valuesMax = valuesMax
        self.openMax = openMax
        self.engine = engine
        self.level = level
        self.tunables = tunables
        self.identities = identities
    }
}

/// The configurations of the writer's parts.
extension PipelineConfiguration {
    func store(writer: Int, quota: QuarantineQuota) -> SegmentStore.Configuration {
        var store = SegmentStore.Configuration(
            node: node,
            run: run,
            writer: writer,
            sources: sources.map(\.name),
            engine: engine,
            level: level,
            openMax: openMax,
            segmentBytesMax: tunables.segmentBytesMax,
            ageMax: tunables.segmentAgeMax,
            idleMax: tunables.segmentIdleMax
        )
        store.startedAt = startedAt
        store.quota = quota
        store.sealsMax = sealsMax
        store.deduplicated = sources.indices.filter { sources[$0].deduplicates }
        store.contentCheck = contentHash.check
        return store
    }

    /// Numbers of the sources that deduplicate, by name.
    package var deduplicated: [String: Int] {
        var numbers: [String: Int] = [:]
        for (number, source) in sources.enumerated() where source.deduplicates {
            numbers[source.name] = number
        }
        return numbers
    }

    /// Partitions of other hours than that of receipt, per source and hour, of all writers.
    private static let otherHoursMax = 1_000

    func filing(writer: Int, shared: [SourceShared]) -> FilingConfiguration {
        var filing = FilingConfiguration(
            node: node,
            run: run,
            writer: writer,
            sources: zip(sources, shared).map { source, shared in
                FilingConfiguration.Source(
                    name: source.name,
                    channel: source.channel,
                    deduplicates: source.deduplicates,
                    peers: shared.peerBook,
                    gate: shared.gate
                )
            },
            router: PartitionRouter.Configuration(
                template: template,
                time: partitionTime,
                valuesMax: valuesMax,
                node: node,
                sources: sources.map(\.name)
            )
        )
        filing.router.eventTimes = eventTimes
        filing.router.otherHoursMax = max(1, Self.otherHoursMax / writers)
        filing.limits = limits
        filing.inflatedBytesMax = inflatedBytesMax
        filing.contentHash = contentHash
        filing.wants = wants
        filing.planFigures = planFigures
        filing.drift = drift
        return filing
    }
}
