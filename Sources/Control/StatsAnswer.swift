/// The answer to `stats`, and each line of `stats follow`: all counters at one moment.
///
/// Counters count from the start of this run. The names of its keys are fixed: dashboards read
/// them.
package struct StatsAnswer: Codable, Sendable, Equatable {
    /// ISO-8601 in UTC with microseconds.
    package var time: String
    package var state: ServiceState
    package var run: String
    package var ledger: Ledger
    /// By source name.
    package var sources: [String: SourceStats]
    /// By channel.
    package var channels: [String: ChannelStats]
    /// Means of the last `1s`, `10s` and `60s`.
    package var rates: [String: RateStats]
    package var rings: [RingStats]
    package var writers: [WriterStats]
    package var openSegments: Int
    package var commit: CommitStats
    package var acknowledgements: AcknowledgementStats
    package var bytes: ByteStats
    package var process: ProcessStats
    package var dedup: DedupStatus

    package init(
        time: String,
        state: ServiceState,
        run: String,
        ledger: Ledger,
        sources: [String: SourceStats],
        channels: [String: ChannelStats],
        rates: [String: RateStats],
        rings: [RingStats],
        writers: [WriterStats],
        openSegments: Int,
        commit: CommitStats,
        acknowledgements: AcknowledgementStats,
        bytes: ByteStats,
        process: ProcessStats,
        dedup: DedupStatus
    ) {
        self.time = time
        self.state = state
        self.run = run
        self.ledger = ledger
        self.sources = sources
        self.channels = channels
        self.rates = rates
        self.rings = rings
        self.writers = writers
        self.openSegments = openSegments
        self.commit = commit
        self.acknowledgements = acknowledgements
        self.bytes = bytes
        self.process = process
        self.dedup = dedup
    }
}
