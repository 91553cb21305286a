import Events
import Platform

/// Figures that an operator watches, computed from snapshots.
///
/// Pure.
///
/// With a previous snapshot, rates and CPU are of the time between the two; without one, rates are
/// the daemon's own mean of the last second and CPU is unknown.
package struct StatsFigures: Sendable, Equatable {
    package let time: String
    package let state: ServiceState
    /// The number of ``sources`` that take events in; nil if the daemon does not say.
    package let openSources: Int?
    /// The number of configured sources.
    package let sources: Int
    package let eventsPerSecond: Double?
    /// Payload bytes received per second.
    package let bytesPerSecond: Double?
    package let inFlight: Int
    /// Of this run, as are the next two.
    package let written: Int
    package let quarantined: Int
    package let dropped: Int
    /// How full the fullest ring is, 0 to 1; nil without rings.
    package let ringFill: Double?
    package let openSegments: Int
    /// Milliseconds, of the last ten seconds; nil without a commit in them.
    package let commitP99: Double?
    /// Raw bytes per compressed byte; nil before anything was written.
    package let ratio: Double?
    /// Share of one core, 1 = a whole core; nil without a previous snapshot.
    package let cpu: Double?
    package let rssBytes: Int
    package let isBalanced: Bool

    /// `previous` is used only if it is of the same run and earlier.
    package init(_ stats: StatsAnswer, after previous: StatsAnswer? = nil) {
        let step = previous.flatMap { Step(from: $0, to: stats) }
        time = stats.time
        state = stats.state
        eventsPerSecond = step?.eventsPerSecond ?? stats.rates["1s"]?.events
        bytesPerSecond = step?.bytesPerSecond ?? stats.rates["1s"]?.bytes
        let states = stats.sources.values.compactMap(\.state)
        sources = states.count
        openSources = states.isEmpty ? nil : states.count { $0 == .running }
        let ledger = stats.ledgerOfRun
        inFlight = ledger.inFlight
        written = ledger.written
        quarantined = ledger.quarantined
        dropped = ledger.dropped
        ringFill = stats.rings.filter { $0.capacity > 0 }
            .map { Double($0.used) / Double($0.capacity) }.max()
        openSegments = stats.openSegments
        let commit = stats.commit
        commitP99 = commit.recent == 0 ? nil : Double(commit.p99us) / 1000
        ratio =
            stats.bytes.compressed > 0
            ? Double(stats.bytes.raw) / Double(stats.bytes.compressed) : nil
        cpu = step?.cpu
        rssBytes = stats.process.rssBytes
        isBalanced = stats.isBalanced
    }

    /// The state in one word, or how many sources take events in while others do not.
    package var stateText: String {
        guard state == .running, let openSources, openSources < sources else {
            return state.rawValue
        }
        return "\(openSources)/\(sources) open"
    }

    /// The time of day, `10:00:00`, from the snapshot's time.
    package var timeOfDay: String {
        guard Timestamp.parse(time) != nil else { return time }
        return String(time.dropFirst(11).prefix(8))
    }

    /// The changes between two snapshots.
    private struct Step {
        let eventsPerSecond: Double
        let bytesPerSecond: Double
        let cpu: Double

        init?(from old: StatsAnswer, to new: StatsAnswer) {
            guard old.run == new.run, let start = Timestamp.parse(old.time),
                let end = Timestamp.parse(new.time), end > start
            else { return nil }
            let seconds = Double(end - start) / 1e6
            eventsPerSecond = Double(new.ledgerOfRun.received &- old.ledgerOfRun.received) / seconds
            bytesPerSecond = (new.receivedBytes - old.receivedBytes) / seconds
            cpu = (new.process.cpuSeconds - old.process.cpuSeconds) / seconds
        }
    }
}

extension StatsAnswer {
    /// Whether the ledger adds up, in total and for every source.
    package var isBalanced: Bool {
        ledger.isBalanced && sources.values.allSatisfy(\.ledger.isBalanced)
    }

    /// The ledger of this run; recovered events of earlier runs did not arrive in this one.
    fileprivate var ledgerOfRun: Ledger { thisRun ?? ledger }

    fileprivate var receivedBytes: Double { sources.values.reduce(0) { $0 + Double($1.bytes) } }
}
