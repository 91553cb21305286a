import Histogram
package import Intake
import Platform
import Ring
package import Storage
import Synchronization

/// The numbers of a pipeline at one moment.
///
/// Each ledger is consistent in itself.
package struct PipelineSnapshot: Sendable {
    package struct Source: Sendable {
        package var name: String
        package var ledger: SourceLedger
        package var messages: Int
        package var bytes: Int
        /// Messages with invalid frames: nothing of them was kept.
        package var rejectedMessages: Int
        package var peers: Int
        package var acknowledged: Int
        package var acknowledgementsDropped: Int
        package var connections: Connections
    }

    /// Counters of a source's connections; see ``ConnectionFigures``.
    package struct Connections: Sendable {
        package var connects: Int
        package var disconnects: Int
        package var failedHandshakes: Int
        package var refused: Int
        package var violations: Int
        package var overBudget: Int
        package var timedOut: Int
        package var released: Int
        package var muted: Int
        package var abandoned: Int

        init(_ places: [ConnectionFigures]) {
            func sum(_ figure: (ConnectionFigures) -> Int) -> Int {
                places.reduce(0) { $0 + figure($1) }
            }
            connects = sum { $0.connects.value }
            disconnects = sum { $0.disconnects.value }
            failedHandshakes = sum { $0.failedHandshakes.value }
            refused = sum { $0.refused.value }
            violations = sum { $0.violations.value }
            overBudget = sum { $0.overBudget.value }
            timedOut = sum { $0.timedOut.value }
            released = sum { $0.released.value }
            muted = sum { $0.muted.value }
            abandoned = sum { $0.abandoned.value }
        }
    }

    package struct Ring: Sendable {
        package var source: String
        package var writer: Int
        package var capacityBytes: Int
        package var usedBytes: Int
        package var highWaterBytes: Int
        package var timesFull: Int
    }

    package struct Writer: Sendable {
        package var events: Int
        package var openSegments: Int
    }

    /// The commits of all writers.
    package struct Commits: Sendable {
        /// From the start of a commit until it was durable, in this run.
        package var durations = DurationCounts()
        /// From the receipt of a commit's oldest message until it was durable, in this run.
        package var waits = DurationCounts()
        /// The durations of the last ten seconds.
        package var recent = Quantiles()
        /// When the last one became durable, in microseconds since 1970 UTC; 0 before the first.
        package var lastAt: Int64 = 0
    }

    /// Microseconds; all 0 where nothing was measured.
    package struct Quantiles: Sendable {
        package var count = 0
        package var p50 = 0
        package var p99 = 0
        package var p999 = 0
        package var max = 0

        init() {}

        init(_ times: RecentDurations.Times) {
            guard times.totalCount > 0 else { return }
            count = Int(times.totalCount)
            p50 = Int(times.valueAtPercentile(50))
            p99 = Int(times.valueAtPercentile(99))
            p999 = Int(times.valueAtPercentile(99.9))
            max = Int(times.max)
        }
    }

    package var sources: [Source] = []
    /// Events written, by channel.
    package var channels = ChannelCounts()
    package var rings: [Ring] = []
    package var writers: [Writer] = []
    package var commits = Commits()
    /// Commits of this run after which the ledger did not add up.
    package var ledgerMismatches = 0
    package var rawBytes: UInt64 = 0
    package var compressedBytes: UInt64 = 0

    package var openSegments: Int { writers.reduce(0) { $0 + $1.openSegments } }
}

extension Pipeline {
    /// Commits of this run after which the ledger did not add up.
    package var ledgerMismatches: Int {
        writers.reduce(0) { $0 + $1.numbers.withLock { $0.mismatches } }
    }

    /// The ledgers of this moment, by source; each is consistent in itself.
    package func ledgers() -> [SourceLedger] {
        var ledgers = Array(repeating: SourceLedger(), count: configuration.sources.count)
        for writer in writers { add(writer.numbers.withLock { $0.ledgers }, to: &ledgers) }
        return ledgers
    }

    /// Adds the ledgers of producers to those of their sources.
    private func add(_ found: ProducerLedgers, to sources: inout [SourceLedger]) {
        for (number, ledger) in found.ledgers { sources[producers[number].source] += ledger }
    }

    /// Every producer of this run with its ledger, by number; each ledger is consistent in itself.
    package func producerLedgers() -> [(producer: Producer, ledger: SourceLedger)] {
        let all = producers.all
        var ledgers = Array(repeating: SourceLedger(), count: all.count)
        for writer in writers {
            let found = writer.numbers.withLock { $0.ledgers.ledgers }
            for (number, ledger) in found where number < all.count { ledgers[number] += ledger }
        }
        return zip(all, ledgers).map { ($0, $1) }
    }

    /// The numbers of this moment.
    ///
    /// Takes some tens of microseconds; never waits for the path.
    package func snapshot() -> PipelineSnapshot {
        var snapshot = PipelineSnapshot()
        var ledgers = Array(repeating: SourceLedger(), count: configuration.sources.count)
        for writer in writers {
            let numbers = writer.numbers.withLock { $0 }
            add(numbers.ledgers, to: &ledgers)
            let events = numbers.ledgers.ledgers.values.reduce(0) { $0 + $1.written }
            snapshot.channels.merge(numbers.channels)
            snapshot.ledgerMismatches += numbers.mismatches
            snapshot.rawBytes += numbers.rawBytes
            snapshot.compressedBytes += numbers.compressedBytes
            snapshot.writers.append(
                PipelineSnapshot.Writer(events: events, openSegments: numbers.openSegments)
            )
        }
        snapshot.channels.keepLargest(ChannelCounts.listedMax)
        snapshot.sources = ledgers.enumerated().map { source($0, ledger: $1) }
        snapshot.rings = configuration.sources.indices.flatMap(rings)
        snapshot.commits = commits()
        return snapshot
    }

    /// How late the events of the newest day came; nil unless their own times decide.
    package var lateness: Lateness? {
        let found = writers.compactMap { $0.numbers.withLock { $0.lateness } }
        guard var sum = found.first else { return nil }
        for other in found.dropFirst() { sum.merge(other) }
        return sum
    }

    /// Events and bytes of messages received so far, over all sources: a cheaper alternative to a
    /// snapshot for a look once a second.
    package var intake: (events: Int, bytes: Int) {
        (
            ledgers().reduce(0) { $0 + $1.received },
            places.shared.reduce(0) { $0 + $1.bytes.load(ordering: .relaxed) }
        )
    }

    private func source(_ index: Int, ledger: SourceLedger) -> PipelineSnapshot.Source {
        PipelineSnapshot.Source(
            name: configuration.sources[index].name,
            ledger: ledger,
            messages: places.sum(of: index) { $0.messages.value },
            bytes: places.sum(of: index) { $0.bytes.value },
            rejectedMessages: places.sum(of: index) { $0.rejected.value },
            peers: places.sum(of: index) { $0.peers.value },
            acknowledged: places.sum(of: index) { $0.acknowledged.value },
            acknowledgementsDropped: places.sum(of: index) { $0.acknowledgementsDropped.value },
            connections: PipelineSnapshot.Connections(places[index].map(\.connections))
        )
    }

    /// What is wrong with a source's endpoints now; nil if nothing is.
    package func problem(source: Int) -> String? {
        places[source].lazy.compactMap { place in place.problem.withLock { $0 } }.first
    }

    /// The rings from a source to each writer, those of all its places as one.
    private func rings(_ source: Int) -> [PipelineSnapshot.Ring] {
        (0..<configuration.writers).map { writer in
            let rings = places.numbers(of: source).map { self.rings[$0][writer] }
            return PipelineSnapshot.Ring(
                source: configuration.sources[source].name,
                writer: writer,
                capacityBytes: rings.reduce(0) { $0 + $1.capacity },
                usedBytes: rings.reduce(0) { $0 + $1.usedBytes },
                highWaterBytes: rings.reduce(0) { $0 + $1.highWaterBytes },
                timesFull: rings.reduce(0) { $0 + $1.timesFull }
            )
        }
    }

    private func commits() -> PipelineSnapshot.Commits {
        let now = SystemClock.monotonicNanoseconds
        var commits = PipelineSnapshot.Commits()
        var recent = RecentDurations.none()
        for writer in writers {
            let times = writer.commitTimes.withLock { $0 }
            commits.durations += times.durations
            commits.waits += times.waits
            commits.lastAt = max(commits.lastAt, times.lastAt)
            recent.add(times.recent.times(at: now))
        }
        commits.recent = PipelineSnapshot.Quantiles(recent)
        return commits
    }
}
