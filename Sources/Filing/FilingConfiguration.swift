package import Dedup
package import Events
package import Intake
package import Segments

/// All that filing is told.
package struct FilingConfiguration: Sendable {
    /// A source, as filing knows it.
    package struct Source: Sendable {
        package var name: String
        /// The channel of events that name none.
        package var channel: String
        /// Whether ids are looked up.
        package var deduplicates: Bool
        /// The names of its connections, for quarantine.
        package var peerNames: PeerNames?

        package init(
            name: String,
            channel: String = "",
            deduplicates: Bool = false,
            peerNames: PeerNames? = nil
        ) {
            self.name = name
            self.channel = channel
            self.deduplicates = deduplicates
            self.peerNames = peerNames
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
    /// Bytes a gzip payload may inflate to.
    package var inflatedBytesMax = 32 << 20
    /// By what events with one id are told apart.
    package var contentHash = ContentHash.random

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

/// What filing shares with others.
package struct FilingPartners {
    package var store: SegmentStore
    package var quota: QuarantineQuota
    package var sequences: SourceSequences
    package var window: IdentityWindow
    /// Who looks at filed bursts.
    package var observers = Observers()
    /// Who decides what becomes of events; nobody lets all be written.
    package var judge: (any EventJudge)?
    /// By writer, the number of its newest durable commit.
    package var durable: @Sendable (_ writer: Int) -> UInt64 = { _ in 0 }
    /// Called when somebody's events go to quarantine; about once an hour for each.
    package var onRejection: @Sendable (Rejection, _ source: Int, _ peer: String) -> Void = {
        _,
        _,
        _ in
    }

    package init(
        store: SegmentStore,
        quota: QuarantineQuota,
        sequences: SourceSequences,
        window: IdentityWindow
    ) {
        self.store = store
        self.quota = quota
        self.sequences = sequences
        self.window = window
    }
}
