import Compression
package import Configuration
import Control
import Glibc
import Intake
import Logging
import Pipeline
import Platform
import ServiceLifecycle
import Synchronization
import Terminal
import UnixSignals

/// The daemon's life from its settings to its exit code: opens a ``Collector``, its control socket
/// and metrics server, then runs its parts as services of one group until it is drained.
package struct DaemonRun: Sendable {
    private let settings: Settings
    private let origin: SettingsOrigin
    private let log: DaemonLog
    private let notifier: Notifier

    /// `configurationPath`: the file that `settings` came from, for reloading; nil for the embedded
    /// default.
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
    /// Returns the exit code: 0, or the code of a ``DaemonFailure``.
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
        // Signals first: a stop request during the start must not end the process at once.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let (stream, events) = AsyncStream<Collector.LifeEvent>.makeStream()
        let collector = try Collector.open(settings, origin: origin, log: log, events: events)
        let beside = try await openBeside(collector)
        logger.notice("started", metadata: started(collector, beside))
        // READY means that all sources are bound. Whether they take in events is in the status, and
        // may come later.
        notifier.ready(status: collector.look().state.rawValue)
        let steering = Steering(collector: collector, notifier: notifier)
        let code = Mutex<Int32>(0)
        let drain = DaemonPart(end: {
            let result = await steering.drain()
            code.withLock { $0 = result }
        })
        let group = emptyGroup()
        // They end in reverse order: the path first, the operators' interfaces last.
        for part in [
            beside.controlPart,
            beside.metricsPart,
            DaemonPart(work: { await listen(to: signals, events) }),
            DaemonPart(work: {
                await steering.follow(stream) { await group.triggerGracefulShutdown() }
            }),
            DaemonPart(work: { await Ticker(collector, notifier: notifier).run() }),
            DaemonPart(work: { collector.recovery.start() }, end: { collector.recovery.cancel() }),
            drain,
        ] { await group.addServiceUnlessShutdown(part) }
        try await group.run()
        collector.notices.sealed.tell(logger)
        let exit = code.withLock { $0 }
        logger.notice("stopped", metadata: ["exit": "\(exit)"])
        return exit
    }

    /// A group that has no services yet, and logs none of its own lines about them.
    private func emptyGroup() -> ServiceGroup {
        var quiet = logger
        quiet.logLevel = .warning
        return ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [any Service](), logger: quiet)
        )
    }

    // MARK: - Beside the path

    private struct Beside {
        let control: ControlServer
        let metrics: MetricsServer?
        let metricsPort: Int?

        var controlPart: DaemonPart { DaemonPart(end: { await control.stop() }) }
        var metricsPart: DaemonPart { DaemonPart(end: { await metrics?.stop() }) }
    }

    private func openBeside(_ collector: Collector) async throws -> Beside {
        // Log lines about an operator's changes are kept at every level.
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
}
