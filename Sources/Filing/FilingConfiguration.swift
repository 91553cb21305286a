package import Dedup
package import Events
package import Intake
package import Plan
package import Storage

/// The configuration of filing.
package struct FilingConfiguration: Sendable {
    /// The properties of a source that filing needs.
    package struct Source: Sendable {
        package var name: String
        /// The channel of events without one.
        package var channel: String
        /// Whether ids are looked up.
        package var deduplicates: Bool
        /// The names of its connections, for quarantine, and where to note what their messages cost.
        package var peers: PeerBook?
        /// Decides on messages whose key is in their payload.
        package var gate: (any RequestGate)?

        package init(
            name: String,
            channel: String = "",
            deduplicates: Bool = false,
            peers: PeerBook? = nil,
            gate: (any RequestGate)? = nil
        ) {
            self.name = name
            self.channel = channel
            self.deduplicates = deduplicates
            self.peers = peers
            self.gate = gate
        }
    }

    package var node: String
    /// Identifies this run of the daemon in every event.
    package var run: String
    /// The writer's number.
    package var writer: Int
    /// By a record's source.
    package var sources: [Source]
    package var router: PartitionRouter.Configuration
    package var limits = PayloadLimits()
    /// The most bytes a gzip payload may inflate to.
    package var inflatedBytesMax = 32 << 20
    /// The hash that distinguishes events with one id.
    package var contentHash = ContentHash.random
    /// What is wanted of events at first; nil for nothing.
    package var wants: EventWants?
    package var planFigures = PlanFigures()
    package var drift = DriftBook()

    package init(
        node: String,
        run: String,
        writer: Int,
        sources: [Source],
        router: PartitionRouter.Configuration
    ) {
        self.node = node
        self.run = run
        self.writer = writer
        self.sources = sources
        self.router = router
    }
}

/// The objects that filing shares with other stages.
package struct FilingPartners {
    package var store: SegmentStore
    package var quota: QuarantineQuota
    package var sequences: SourceSequences
    package var window: IdentityWindow
    /// The producers of all sources.
    package var producers: ProducerBook
    /// Observers of filed bursts.
    package var observers = Observers()
    /// Judges events before they are filed; if nil, all are written.
    package var judge: (any EventJudge)?
    /// Returns the number of a writer's newest durable commit.
    package var durable: @Sendable (_ writer: Int) -> CommitNumber = { _ in .none }
    /// Called when a peer's events go to quarantine; about once an hour for each.
    package var onRejection: @Sendable (Rejection, _ source: Int, _ peer: String) -> Void = {
        _,
        _,
        _ in
    }

    package init(
        store: SegmentStore,
        quota: QuarantineQuota,
        sequences: SourceSequences,
        window: IdentityWindow,
        producers: ProducerBook
    ) {
        self.store = store
        self.quota = quota
        self.sequences = sequences
        self.window = window
        self.producers = producers
    }
}
