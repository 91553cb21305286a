import Control
import Intake
import Pipeline
import Platform
import Storage

/// Who sends what.
extension Collector {
    /// Every producer of this run, of one source or of all, by source and number.
    func producers(source: String?) async throws -> ProducersAnswer {
        _ = try index(of: source)
        let limits = pipeline.producers.limitsInForce ?? ProducerLimits()
        return ProducersAnswer(
            producers: producerStats().filter { source == nil || $0.source == source },
            limits: ProducersAnswer.Limits(
                eventsPerSecond: limits.eventsPerSecond,
                bytesPerSecond: limits.bytesPerSecond,
                diskPerDay: limits.bytesPerDay,
                quarantine: pipeline.quarantine.shares.most ?? 0
            )
        )
    }

    /// The figures of every producer.
    ///
    /// `withAllOthers`: also those that are not told apart of sources where they have sent nothing, and
    /// others have.
    func producerStats(withAllOthers: Bool = false) -> [ProducerStats] {
        let now = (SystemClock.monotonicNanoseconds, SystemClock.wallMicroseconds)
        let limits = pipeline.producers.limitsInForce ?? ProducerLimits()
        let found = pipeline.producerLedgers()
        let known = Set(found.filter { $0.producer.kind != .others }.map(\.producer.source))
        return found.filter { producer, ledger in
            withAllOthers || producer.kind != .others || ledger.received > 0
                || producer.intake.messages > 0
                || !known.contains(producer.source)
        }.map { producer, ledger in
            var stats = ProducerStats(
                source: pipeline.configuration.sources[producer.source].name,
                name: producer.name,
                kind: producer.kind.rawValue,
                ledger: Self.ledger(ledger)
            )
            let connections = producer.connections
            stats.connections.count = connections.count
            if connections.count > 0 { stats.connections.since = Timestamp.text(connections.since) }
            stats.traffic.messages = producer.intake.messages
            stats.traffic.bytes = producer.intake.bytes
            stats.traffic.answers = producer.intake.answers
            stats.usage.bytesToday = producer.allowance.written(on: now.1)
            stats.usage.quarantineBytes = pipeline.quarantine.shares.bytes(of: producer.number)
            stats.refusal = connections.refusal.map {
                ProducerStats.Refusal(reason: $0.reason, at: Timestamp.text($0.at))
            }
            if producer.allowance.isDaySpent(on: now.1, of: limits) {
                stats.state = "quota"
            } else if limits.hasRate, producer.allowance.isSpent(at: now.0, of: limits) {
                stats.state = "rate"
            } else if pipeline.quarantine.shares.isFull(producer.number) {
                stats.state = "quarantine_full"
            }
            return stats
        }
    }
}
