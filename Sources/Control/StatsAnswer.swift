/// The answer to `stats`, and each line of `stats follow`: all counters at one moment.
///
/// Counters start with this run, except `ledger`, which continues from the counts that files prove.
/// The names of its keys are fixed: dashboards read them.
package struct StatsAnswer: Codable, Sendable, Equatable {
    /// ISO-8601 in UTC with microseconds.
    package var time: String
    package var state: ServiceState
    /// The reason, as in `status`.
    package var why: String?
    package var run: String
    /// Of all runs, as far as files prove earlier ones.
    package var ledger: Ledger
    /// Of this run; nil in answers of older daemons.
    package var thisRun: Ledger?
    /// By source name.
    package var sources: [String: SourceStats]
    /// The channels with the most events, at most 1000; the others together are `__other__`.
    ///
    /// A name of more than 128 bytes is cut and ends in its hash.
    package var channels: [String: ChannelStats]
    /// How many times a channel was moved to `__other__` because there were too many; nil from
    /// older daemons.
    package var channelsLeftOut: Int?
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
        why: String? = nil,
        run: String,
        ledger: Ledger,
        thisRun: Ledger? = nil,
        sources: [String: SourceStats],
        channels: [String: ChannelStats],
        channelsLeftOut: Int? = nil,
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
        self.why = why
        self.run = run
        self.ledger = ledger
        self.thisRun = thisRun
        self.sources = sources
        self.channels = channels
        self.channelsLeftOut = channelsLeftOut
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
