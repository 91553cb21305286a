import Configuration
import Control
import Disk
import Pipeline
import Platform
import Synchronization

/// The Prometheus names of the daemon's numbers.
///
/// Counters start at 0 in each run; the proven counts of earlier runs are in `stats`.
extension Collector {
    /// All metrics at this moment.
    func metrics() async -> [Metric] {
        let life = look()
        let snapshot = pipeline.snapshot()
        let (settings, reload, plan) = changing.withLock { ($0.settings, $0.reload, $0.plan) }
        let states = snapshot.sources.indices.map { sourceState($0, life.state) }
        let isBalanced =
            snapshot.ledgerMismatches == 0 && ledgers(snapshot).values.allSatisfy(\.isBalanced)
        return SourceMetrics.all(snapshot.sources, states: states)
            + EdgeMetrics.all(snapshot.sources.map(\.name), keys.edges)
            + ProducerMetrics.all(producerStats(withAllOthers: true))
            + PathMetrics.all(snapshot, notices.counts.values)
            + StateMetrics.life(life.state, isBalanced: isBalanced)
            + StateMetrics.recovery(recovery.state.status)
            + StateMetrics.reload(reload)
            + PlanMetrics.all(plan, pipeline.configuration)
            + StateMetrics.disk(
                try? fileSystem.space(),
                minimumFree: UInt64(clamping: settings.storage.minimumFreeBytes)
            )
            + StateMetrics.quarantine(quarantine.status(settings.quarantine))
            + StateMetrics.dedup(dedup.status(pipeline))
            + ProcessMetrics.all(ProcessFigures.now())
    }
}
