import Configuration
import Logging
import Pipeline
import Platform
import Synchronization

/// Executes requests to the daemon as a whole: reload the settings, drain, leave.
struct Steering {
    let collector: Collector
    let notifier: Notifier

    private var logger: Logger { collector.logger }

    /// Executes requests one by one until its task is cancelled.
    ///
    /// `shutDown`: called at the first request to end; ``drain()`` must follow.
    func follow(
        _ requests: AsyncStream<Collector.LifeEvent>,
        shutDown: @Sendable () async -> Void
    ) async {
        var isDraining = false
        for await request in requests {
            switch request {
            case .hangUp:
                await reload()
                continue
            case .terminate where isDraining:
                logger.warning("second signal: leaving now, open segments are recovered next time")
                collector.pipeline.hurry()
            case .drain where isDraining:
                break
            case .terminate(let reason), .drain(let reason):
                beginDrain(reason)
                await shutDown()
            }
            isDraining = true
        }
    }

    private func reload() async {
        notifier.reloading()
        // A refusal is logged, and is in the status.
        _ = try? await collector.reload()
        notifier.ready(status: collector.statusText(collector.look()))
    }

    private func beginDrain(_ reason: String) {
        collector.changing.withLock { $0.life.drain(reason) }
        logger.notice("draining", metadata: ["why": "\(reason)", "timeout": "\(timeout)"])
        notifier.stopping(status: "draining")
        collector.recovery.cancel()
    }

    /// Drains the path, at most for `shutdown.timeout`.
    ///
    /// - Returns: the exit code; 74 after a timeout.
    func drain() async -> Int32 {
        let pipeline = collector.pipeline
        let deadline = SystemClock.monotonicNanoseconds + timeout.nanosecondsClamped
        let isComplete = await pipeline.drain(deadline: deadline)
        if isComplete || pipeline.isHurried { return 0 }
        let left = Collector.total(collector.ledgers()).inFlight
        logger.error(
            "not everything could be written in time; open segments are recovered next time",
            metadata: ["eventsInFlight": "\(left)"]
        )
        return 74
    }

    private var timeout: Duration {
        collector.changing.withLock { $0.settings.shutdown.timeout }
    }
}

extension Duration {
    /// Whole nanoseconds, at most one day: for deadlines.
    fileprivate var nanosecondsClamped: Int64 {
        let day = Duration.seconds(86_400)
        let (seconds, attoseconds) = min(self, day).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
