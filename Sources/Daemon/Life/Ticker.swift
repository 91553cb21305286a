import Control
import Pipeline
import Platform
import Synchronization
import Terminal

/// The daemon's tasks of about once a second: rates, free space, systemd's watchdog and status.
struct Ticker {
    private let collector: Collector
    private let notifier: Notifier
    private let clock: any Clock<Duration>
    private let period: Duration

    init(
        _ collector: Collector,
        notifier: Notifier,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.collector = collector
        self.notifier = notifier
        self.clock = clock
        period = min(.seconds(1), (notifier.watchdogInterval ?? .seconds(4)) / 4)
    }

    /// Works until its task is cancelled.
    func run() async {
        var beats: [Int] = []
        while !Task.isCancelled {
            collector.sample()
            collector.pipeline.watchSpace()
            collector.dedup.tick(
                collector.pipeline,
                fileSystem: collector.fileSystem,
                logger: collector.logger
            )
            let time = SystemClock.monotonicNanoseconds
            collector.recovery.tick(collector.fileSystem, now: time)
            collector.notices.sealed.tick(time, collector.logger)
            collector.tickQuarantine(time)
            let life = collector.look()
            let now = collector.pipeline.beats
            // The watchdog follows the path: every thread must have run since the last look.
            if beats.isEmpty || zip(beats, now).allSatisfy({ $0 != $1 }) {
                notifier.watchdog()
                beats = now
            }
            if life.isDraining { notifier.extendTimeout(.seconds(10)) }
            notifier.status(collector.statusText(life))
            try? await clock.sleep(for: period)
        }
    }
}

extension Collector {
    /// The status line of `systemctl status`.
    func statusText(_ life: LifeState) -> String {
        let (rate, refusal) = changing.withLock {
            ($0.meter.rates["10s"]?.events ?? 0, $0.reload.refusal)
        }
        let why = life.why.map { " (\($0))" } ?? ""
        let reload = refusal.map { "; configuration refused: \($0)" } ?? ""
        return "\(life.state.rawValue)\(why), \(HumanText.countRate(perSecond: rate))\(reload)"
    }
}
