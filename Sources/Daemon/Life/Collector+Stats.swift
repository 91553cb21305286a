import Control
import Events
import Intake
import Pipeline
import Platform
import Storage
import Synchronization

/// Statistics for operators.
extension Collector {
    /// All counters at one moment.
    func stats() async throws -> StatsAnswer {
        let life = look()
        let snapshot = pipeline.snapshot()
        let ledgers = ledgers(snapshot)
        let recent = snapshot.commits.recent
        let rates = changing.withLock { $0.meter.rates }
        return StatsAnswer(
            time: Timestamp.text(SystemClock.wallMicroseconds),
            state: life.state,
            why: life.why,
            run: run,
            ledger: Self.ledger(Self.total(ledgers)),
            thisRun: Self.ledger(
                snapshot.sources.reduce(into: SourceLedger()) { $0 += $1.ledger }
            ),
            sources: sources(snapshot, ledgers: ledgers, life: life.state),
            channels: snapshot.channels.counts.mapValues { ChannelStats(events: $0) },
            channelsLeftOut: snapshot.channels.leftOut,
            rates: rates,
            rings: snapshot.rings.map(RingStats.init),
            writers: snapshot.writers.map {
                WriterStats(events: $0.events, openSegments: $0.openSegments)
            },
            openSegments: snapshot.openSegments,
            commit: CommitStats(
                count: snapshot.commits.durations.count,
                recent: recent.count,
                p50us: recent.p50,
                p99us: recent.p99,
                p999us: recent.p999,
                maxus: recent.max
            ),
            acknowledgements: AcknowledgementStats(
                sent: snapshot.sources.reduce(0) { $0 + $1.acknowledged },
                dropped: snapshot.sources.reduce(0) { $0 + $1.acknowledgementsDropped }
            ),
            bytes: ByteStats(snapshot),
            process: ProcessFigures.now().answer,
            dedup: dedup.status(pipeline)
        )
    }

    private func sources(
        _ snapshot: PipelineSnapshot,
        ledgers: [String: SourceLedger],
        life: ServiceState
    ) -> [String: SourceStats] {
        var sources = ledgers.mapValues { SourceStats(ledger: Self.ledger($0)) }
        for (index, source) in snapshot.sources.enumerated() {
            var stats = SourceStats(source)
            stats.state = sourceState(index, life)
            if let ledger = ledgers[source.name] { stats.ledger = Self.ledger(ledger) }
            sources[source.name] = stats
        }
        return sources
    }

    /// Returns this run's ledgers plus the files' counts of earlier runs, by source name.
    ///
    /// A source that is no longer configured remains in the result.
    func ledgers(_ snapshot: PipelineSnapshot? = nil) -> [String: SourceLedger] {
        var ledgers = recovery.state.restored
        for source in (snapshot ?? pipeline.snapshot()).sources {
            ledgers[source.name, default: SourceLedger()] += source.ledger
        }
        return ledgers
    }

    static func total(_ ledgers: [String: SourceLedger]) -> SourceLedger {
        ledgers.values.reduce(into: SourceLedger()) { $0 += $1 }
    }

    static func ledger(_ ledger: SourceLedger) -> Ledger {
        var quarantined: [String: Int] = [:]
        for rejection in Rejection.allCases where ledger.quarantined[rejection.index] > 0 {
            quarantined[rejection.rawValue] = ledger.quarantined[rejection.index]
        }
        return Ledger(
            received: ledger.received,
            written: ledger.written,
            quarantined: ledger.quarantinedTotal,
            duplicate: ledger.duplicate,
            reusedIds: ledger.reusedIDs,
            late: ledger.untimely.late,
            future: ledger.untimely.future,
            untimed: ledger.untimely.untimed,
            declined: ledger.declined,
            dropped: ledger.dropped,
            inFlight: ledger.inFlight,
            reasons: Ledger.Reasons(
                dropped: ledger.dropped > 0 ? [QuarantineQuota.reason: ledger.dropped] : [:],
                quarantined: quarantined
            )
        )
    }

    /// Takes a sample for the rates; called about once a second.
    func sample() {
        let intake = pipeline.intake
        let sample = RateMeter.Sample(
            at: SystemClock.monotonicNanoseconds,
            events: intake.events,
            bytes: intake.bytes
        )
        changing.withLock { $0.meter.add(sample) }
    }
}

/// Conversion of the pipeline's numbers to figures.
extension SourceStats {
    /// The figures of this run, without a state.
    init(_ source: PipelineSnapshot.Source) {
        let ledger = Collector.ledger(source.ledger)
        self.init(ledger: ledger, thisRun: ledger)
        messages = source.messages
        bytes = source.bytes
        peers = source.peers
        rejected = source.rejectedMessages
        connections = ConnectionStats(source.connections)
    }
}

extension RingStats {
    init(_ ring: PipelineSnapshot.Ring) {
        self.init(
            source: ring.source,
            writer: ring.writer,
            capacity: ring.capacityBytes,
            used: ring.usedBytes,
            highWater: ring.highWaterBytes,
            full: ring.timesFull
        )
    }
}

extension ByteStats {
    init(_ snapshot: PipelineSnapshot) {
        self.init(
            raw: Int(clamping: snapshot.rawBytes),
            compressed: Int(clamping: snapshot.compressedBytes)
        )
    }
}
