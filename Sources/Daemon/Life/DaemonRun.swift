import CPlatform
import Compression
import Control
import Glibc
import Intake
import Logging
import Pipeline
import Synchronization
import Terminal
import UnixSignals

/// The daemon's life from its settings to its exit code: starts a ``Collector`` and what stands
/// beside it, answers signals, drains.
package struct DaemonRun {
    private let settings: Settings
    private let origin: SettingsOrigin
    private let log: DaemonLog
    private let notifier: Notifier

    /// `configurationPath`: where `settings` came from, for reloading; nil for the
    ///   embedded default.
    package init(
        settings: Settings,
        configurationPath: String?,
        environment: [String: String]
    ) {
        self.settings = settings
        origin = SettingsOrigin(path: configurationPath, environment: environment)
        let level = SharedLogLevel(settings.log.level)
        let handler = LineLogHandler(
            format: settings.log.format,
            level: level,
            destination: .standardError(environment: environment)
        )
        log = DaemonLog(logger: handler.logger(label: "touchpointd"), level: level)
        notifier = Notifier(environment: environment)
    }

    private var logger: Logger { log.logger }

    /// Runs until drained.
    ///
    /// Gives the exit code: 0, or what ``DaemonFailure`` says.
    package func run() async -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        do {
            return try await live()
        } catch let failure as DaemonFailure {
            logger.critical("\(failure)")
            return failure.exitCode
        } catch {
            logger.critical("\(error)")
            return 74
        }
    }

    private func live() async throws -> Int32 {
        // Signals first: a stop request during the start must not be the default's sudden end.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let (stream, events) = AsyncStream<Collector.LifeEvent>.makeStream()
        let collector = try Collector.open(settings, origin: origin, log: log, events: events)
        let beside = try await startBeside(collector)
        collector.recovery.start()
        logger.notice("started", metadata: started(collector, beside))
        // READY is for who waits to start something: all sources are bound. Whether they take in is in the
        // status, and may come later.
        notifier.ready(status: collector.look().state.rawValue)
        let watching = Task { await listen(to: signals, events) }
        let ticking = Task { await Ticker(collector, notifier: notifier).run() }
        let code = await follow(stream, collector)
        ticking.cancel()
        watching.cancel()
        await beside.stop()
        collector.notices.sealed.tell(logger)
        logger.notice("stopped", metadata: ["exit": "\(code)"])
        return code
    }

    // MARK: - Beside the path

    private struct Beside {
        let control: ControlServer
        let metrics: MetricsServer?
        let metricsPort: Int?

        func stop() async {
            await metrics?.stop()
            await control.stop()
        }
    }

    private func startBeside(_ collector: Collector) async throws -> Beside {
        // Who changed what is kept at every level.
        var audit = logger
        audit.logLevel = .debug
        let control = ControlServer(
            configuration: ControlServer.Configuration(
                path: settings.control.socket,
                mode: settings.control.mode,
                group: settings.control.group
            ),
            handler: collector.controlHandler,
            onChange: { [audit] change in
                audit.notice(
                    change.isPermitted ? "control" : "control refused",
                    metadata: [
                        "verb": "\(change.verb)",
                        "arguments": "\(change.arguments.joined(separator: " "))",
                        "uid": "\(change.uid.map(String.init) ?? "?")",
                        "pid": "\(change.pid.map(String.init) ?? "?")",
                    ]
                )
            }
        )
        do {
            try await control.start()
            guard let listen = settings.metrics.listen else {
                return Beside(control: control, metrics: nil, metricsPort: nil)
            }
            let metrics = MetricsServer(listen: listen) { await collector.metrics() }
            return Beside(
                control: control,
                metrics: metrics,
                metricsPort: try await metrics.start()
            )
        } catch {
            await collector.pipeline.leave()
            throw DaemonFailure.cannotCreate("\(error)")
        }
    }

    private func started(_ collector: Collector, _ beside: Beside) -> Logger.Metadata {
        let endpoints = zip(collector.pipeline.configuration.sources, collector.pipeline.endpoints)
            .map { "\($0.name)=\($1.joined(separator: ","))" }
        var metadata: Logger.Metadata = [
            "version": "\(ProductVersion.number)", "run": "\(collector.run)",
            "pid": "\(getpid())", "data": "\(settings.storage.directory)",
            "control": "\(settings.control.socket)",
            "sources": "\(endpoints.joined(separator: " "))",
            "engine": "\(collector.pipeline.configuration.engine.rawValue)",
            "writers": "\(collector.pipeline.configuration.writers)",
        ]
        if let port = beside.metricsPort { metadata["metrics"] = "\(port)" }
        return metadata
    }

    private func listen(
        to signals: UnixSignalsSequence,
        _ events: AsyncStream<Collector.LifeEvent>.Continuation
    ) async {
        for await signal in signals {
            switch signal {
            case .sighup: events.yield(.hangUp)
            case .sigint: events.yield(.terminate("SIGINT"))
            default: events.yield(.terminate("SIGTERM"))
            }
        }
    }

    // MARK: - The end

    /// Follows the events of the daemon's life to its end.
    private func follow(
        _ events: AsyncStream<Collector.LifeEvent>,
        _ collector: Collector
    ) async -> Int32 {
        var isDraining = false
        for await event in events {
            switch event {
            case .hangUp:
                await reload(collector)
            case .drain(let reason):
                if !isDraining { beginDrain(collector, reason) }
                isDraining = true
            case .terminate(let signal):
                if isDraining {
                    logger.warning(
                        "second signal: leaving now, open segments are recovered next time"
                    )
                    collector.pipeline.hurry()
                } else {
                    beginDrain(collector, signal)
                }
                isDraining = true
            case .drained(let isComplete):
                return isComplete || collector.pipeline.isHurried ? 0 : 74
            }
        }
        return 0
    }

    private func reload(_ collector: Collector) async {
        notifier.reloading()
        // What was refused is logged, and stands in the status.
        _ = try? await collector.reload()
        notifier.ready(status: collector.statusText(collector.look()))
    }

    private func beginDrain(_ collector: Collector, _ reason: String) {
        let timeout = collector.changing.withLock { changing in
            changing.life.drain(reason)
            return changing.settings.shutdown.timeout
        }
        logger.notice("draining", metadata: ["why": "\(reason)", "timeout": "\(timeout)"])
        notifier.stopping(status: "draining")
        collector.recovery.cancel()
        Task {
            let deadline = cplatform_monotonic_ns() + timeout.nanosecondsClamped
            let isComplete = await collector.pipeline.drain(deadline: deadline)
            if !isComplete && !collector.pipeline.isHurried {
                let left = Collector.total(collector.ledgers()).inFlight
                logger.error(
                    "not everything could be written in time; open segments are recovered next time",
                    metadata: ["eventsInFlight": "\(left)"]
                )
            }
            collector.events.yield(.drained(isComplete))
        }
    }
}

extension Duration {
    /// Whole nanoseconds, at most a day: for deadlines.
    fileprivate var nanosecondsClamped: Int64 {
        let day = Duration.seconds(86_400)
        let (seconds, attoseconds) = min(self, day).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
