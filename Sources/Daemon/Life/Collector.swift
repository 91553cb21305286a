import Archive
import Configuration
import Control
import Disk
import Events
import FoundationEssentials
import Intake
import Logging
import Pipeline
import Platform
import Recovery
import Storage
import Synchronization

/// The running daemon: a pipeline, its data folder, and the operators' commands.
///
/// Made by ``DaemonRun``; any thread may call.
final class Collector: Sendable {
    /// A request from a signal or an operator to the daemon as a whole.
    enum LifeEvent: Sendable {
        case terminate(String)
        case hangUp
        case drain(String)
    }

    struct Changing {
        var settings: Settings
        var life: LifeState
        var meter = RateMeter()
        var reload: ReloadOutcome
        /// The plan in force; nil for none.
        var plan: LoadedPlan?
        /// Whether anything is looked for in events.
        var hasWants = false

        /// `now`: microseconds since 1970 UTC.
        init(settings: Settings, plan: LoadedPlan?, at now: Int64) {
            self.settings = settings
            self.plan = plan
            life = LifeState(at: now)
            life.start()
            reload = ReloadOutcome(goodAt: now)
        }
    }

    /// The result of the last reading of the configuration.
    struct ReloadOutcome {
        /// When the configuration in force was read, in microseconds since 1970 UTC.
        var goodAt: Int64
        /// Why the configuration read last is not in force; nil if it is.
        var refusal: String?
    }

    let changing: Mutex<Changing>
    let origin: SettingsOrigin
    let log: DaemonLog
    let events: AsyncStream<LifeEvent>.Continuation
    let pipeline: Pipeline
    let notices: NoticeLog
    let dedup: DedupRun
    let recovery: RecoveryRun
    let quarantine: QuarantineRun
    let keys: KeyRings
    private let folder: HeldFolder

    var logger: Logger { log.logger }
    var fileSystem: PosixFileSystem { folder.fileSystem }
    /// Identifies this run.
    var run: String { pipeline.configuration.run }

    private init(
        changing: Changing,
        origin: SettingsOrigin,
        log: DaemonLog,
        events: AsyncStream<LifeEvent>.Continuation,
        started: Started
    ) {
        self.changing = Mutex(changing)
        self.origin = origin
        self.log = log
        self.events = events
        pipeline = started.pipeline
        notices = started.notices
        dedup = started.dedup
        recovery = started.recovery
        quarantine = started.quarantine
        keys = started.keys
        folder = started.folder
    }

    /// The parts that ``open(_:origin:log:events:)`` has opened and started.
    private struct Started {
        let folder: HeldFolder
        let keys: KeyRings
        let pipeline: Pipeline
        let notices: NoticeLog
        let dedup: DedupRun
        let recovery: RecoveryRun
        let quarantine: QuarantineRun
    }

    /// Opens the data folder, binds the sources and starts the path.
    ///
    /// The caller has to start ``recovery``: sources that deduplicate take in nothing before it has
    /// read their ids.
    ///
    /// - Throws: exit code 73 or 74, when the folder or an endpoint is unavailable; 78, when the
    /// settings do not fit this machine.
    static func open(
        _ settings: Settings,
        origin: SettingsOrigin,
        log: DaemonLog,
        events: AsyncStream<LifeEvent>.Continuation
    ) throws(DaemonFailure) -> Collector {
        let (keys, startedAt) = (try KeyRings(settings.sources), SystemClock.wallMicroseconds)
        let (plan, folder) = (try settings.loadPlan(), try HeldFolder.open(settings))
        let (history, leftovers) = try folder.prepare(settings, at: startedAt)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        var configuration = try settings.pipeline(run: runName(startedAt), cores: cores)
        let sources = try settings.sourceOpening(cores: cores, keys: keys, passed: origin.passed)
        (configuration.startedAt, configuration.wants) = (startedAt, try settings.wants(plan))
        if !configuration.deduplicated.isEmpty {
            configuration.contentHash = folder.contentHash(log.logger)
        }
        let notices = NoticeLog(log.logger)
        let pipeline = try startPipeline(
            configuration,
            sources: sources,
            in: folder,
            notices: notices
        )
        warn(of: try settings.shortfalls(cores: cores), leftovers, log.logger)
        let dedup = DedupRun()
        dedup.begin(pipeline)
        var changing = Changing(settings: settings, plan: plan, at: startedAt)
        changing.hasWants = configuration.wants != nil
        return Collector(
            changing: changing,
            origin: origin,
            log: log,
            events: events,
            started: Started(
                folder: folder,
                keys: keys,
                pipeline: pipeline,
                notices: notices,
                dedup: dedup,
                recovery: RecoveryRun(
                    RecoveryRun.Work(
                        fileSystem: folder.fileSystem,
                        folders: folder.folders,
                        manifest: folder.manifest,
                        node: settings.node,
                        run: configuration.run,
                        leftovers: leftovers,
                        history: history,
                        steps: steps(pipeline, dedup: dedup, logger: log.logger)
                    )
                ),
                quarantine: QuarantineRun(
                    fileSystem: folder.fileSystem,
                    manifest: folder.manifest,
                    node: settings.node,
                    quota: pipeline.quarantine
                )
            )
        )
    }

    /// Binds the sources and starts the path's threads.
    private static func startPipeline(
        _ configuration: PipelineConfiguration,
        sources: SourceOpening,
        in folder: HeldFolder,
        notices: NoticeLog
    ) throws(DaemonFailure) -> Pipeline {
        do {
            let pipeline = try Pipeline(
                configuration,
                fileSystem: folder.fileSystem,
                folders: folder.folders,
                manifest: folder.manifest,
                openSources: { places throws(IntakeError) in
                    try sources.open(at: places)
                },
                notify: { notices.add($0) }
            )
            pipeline.start()
            return pipeline
        } catch {
            throw .cannotCreate("cannot start: \(error)")
        }
    }

    /// Logs settings that the machine reduces, and what of the data folder is left alone.
    private static func warn(
        of shortfalls: [String],
        _ leftovers: Leftovers,
        _ logger: Logger
    ) {
        for line in shortfalls {
            logger.warning("the limit of open files is low", metadata: ["so": "\(line)"])
        }
        guard let first = leftovers.foreign.first else { return }
        logger.warning(
            "passed over what is not Touchpoint's in the data folder",
            metadata: ["count": "\(leftovers.foreign.count)", "first": "\(first)"]
        )
    }

    /// The steps of recovery for sources that deduplicate, and its log lines.
    private static func steps(
        _ pipeline: Pipeline,
        dedup: DedupRun,
        logger: Logger
    ) -> RecoveryRun.Steps {
        RecoveryRun.Steps(
            begin: { work, shouldStop in
                dedup.load(
                    pipeline,
                    fileSystem: work.fileSystem,
                    leftovers: work.leftovers,
                    from: work.history.firstDay,
                    logger: logger,
                    shouldStop: shouldStop
                )
            },
            onFile: { file in
                RecoveryRun.log(file, logger)
                dedup.settled(file, pipeline)
            },
            report: { RecoveryRun.log($0, nanoseconds: $1, logger: logger) },
            complete: { work, shouldStop in
                dedup.complete(
                    pipeline,
                    fileSystem: work.fileSystem,
                    leftovers: work.leftovers,
                    shouldStop: shouldStop
                )
            },
            end: { pipeline.endLeftovers() }
        )
    }

    /// A run's name: sortable by time, with random digits for two starts in one millisecond.
    private static func runName(_ micros: Int64) -> String {
        let digits = String(UInt16.random(in: .min ... .max), radix: 16)
        return Timestamp.compact(micros) + "-" + String(repeating: "0", count: 4 - digits.count)
            + digits
    }

    /// Updates and returns the life state.
    @discardableResult
    func look() -> LifeState {
        let names = pipeline.configuration.sources.map(\.name)
        let paused = names.indices.filter { pipeline.isPaused(source: $0) }.map { names[$0] }
        let failed = names.indices.filter { pipeline.isFailed(source: $0) }.map { names[$0] }
        let loading = names.indices.filter { pipeline.isLoading(source: $0) }.map { names[$0] }
        let blocked = pipeline.blockedReason
        return changing.withLock { changing in
            changing.life.update(
                at: SystemClock.wallMicroseconds,
                blocked: blocked,
                pausedSources: paused,
                failedSources: failed,
                loadingSources: loading,
                allPaused: paused.count == names.count
            )
            return changing.life
        }
    }
}
