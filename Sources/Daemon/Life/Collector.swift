import CPlatform
import Control
import Events
import FoundationEssentials
import Intake
import Logging
import Pipeline
import Segments
import Synchronization
import ZeroMQSource

/// The running daemon: a pipeline, its data folder, and what people may ask of it.
///
/// Made by ``DaemonRun``; any thread may call.
final class Collector: Sendable {
    /// What a request for an end, or a signal, comes to.
    enum LifeEvent: Sendable {
        case terminate(String)
        case hangUp
        case drain(String)
        case drained(Bool)
    }

    struct Changing {
        var settings: Settings
        var life: LifeState
        var meter = RateMeter()
        var reload: ReloadOutcome

        /// `now`: microseconds since 1970 UTC.
        init(settings: Settings, at now: Int64) {
            self.settings = settings
            life = LifeState(at: now)
            reload = ReloadOutcome(goodAt: now)
        }
    }

    /// What became of the last reading of the configuration.
    struct ReloadOutcome {
        /// When the configuration in force was read, in microseconds since 1970 UTC.
        var goodAt: Int64
        /// Why what was read last is not in force.
        var refusal: String?
    }

    let changing: Mutex<Changing>
    let configurationPath: String?
    let environment: [String: String]
    let run: String
    let startedAt: Int64
    let logger: Logger
    let logLevel: SharedLogLevel
    let notifier: Notifier
    let fileSystem: PosixFileSystem
    let pipeline: Pipeline
    let recovery = RecoveryRun()
    let dedup = DedupRun()
    let quarantine: QuarantineRun
    let sealed = SealedSum()
    let told = NoticeCounts()
    let events: AsyncStream<LifeEvent>.Continuation
    private let lock: DataFolderLock

    /// Opens the data folder, binds the sources and starts.
    ///
    /// Recovery runs beside it from then on.
    init(
        settings: Settings,
        configurationPath: String?,
        environment: [String: String],
        logger: Logger,
        logLevel: SharedLogLevel,
        notifier: Notifier,
        events: AsyncStream<LifeEvent>.Continuation
    ) throws(DaemonFailure) {
        startedAt = cplatform_realtime_ns() / 1_000
        run = Self.runName(startedAt)
        self.configurationPath = configurationPath
        self.environment = environment
        self.logger = logger
        self.logLevel = logLevel
        self.notifier = notifier
        self.events = events
        changing = Mutex(Changing(settings: settings, at: startedAt))
        do {
            fileSystem = try PosixFileSystem(directory: settings.storage.directory)
        } catch {
            throw .cannotCreate("cannot open the data folder: \(error)")
        }
        lock = try DataFolderLock(directory: settings.storage.directory)
        let folders = DurableFolders(fileSystem: fileSystem)
        let manifest = ManifestLog(fileSystem: fileSystem, folders: folders, node: settings.node)
        let (history, leftovers) = try Self.prepare(fileSystem, settings, startedAt)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        var configuration = try settings.pipeline(run: run, cores: cores)
        let sources = try settings.socketSources(cores: cores)
        configuration.startedAt = startedAt
        if !configuration.deduplicated.isEmpty {
            configuration.contentHash = Self.contentHash(fileSystem, logger)
        }
        do {
            pipeline = try Pipeline(
                configuration,
                fileSystem: fileSystem,
                folders: folders,
                manifest: manifest,
                openSources: { places throws(IntakeError) in
                    try SocketSources.open(sources, at: places)
                },
                notify: Self.reporter(logger, sealed, told)
            )
        } catch {
            throw .cannotCreate("cannot start: \(error)")
        }
        pipeline.start()
        quarantine = QuarantineRun(
            fileSystem,
            manifest,
            node: settings.node,
            pipeline.quarantine
        )
        Self.warn(of: try settings.shortfalls(cores: cores), leftovers, logger)
        startRecovery(folders, manifest, history, leftovers)
        changing.withLock { $0.life.start() }
    }

    /// Says what is less than it was set to, and what of the data folder is left alone.
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

    /// Brings what earlier runs left in order, beside intake; sources that deduplicate take nothing
    /// in before their ids are read.
    private func startRecovery(
        _ folders: DurableFolders,
        _ manifest: ManifestLog,
        _ history: ManifestHistory,
        _ leftovers: Leftovers
    ) {
        let (dedup, recovery, pipeline) = (dedup, recovery, pipeline)
        let (fileSystem, logger) = (fileSystem, logger)
        dedup.begin(pipeline)
        recovery.start(
            fileSystem,
            folders: folders,
            manifest: manifest,
            node: pipeline.configuration.node,
            run: run,
            leftovers: leftovers,
            history: history,
            steps: RecoveryRun.Steps(
                begin: {
                    dedup.load(pipeline, fileSystem, leftovers, from: history.firstDay, logger) {
                        recovery.isCancelled
                    }
                },
                onFile: { file in
                    Self.log(file, logger)
                    dedup.settled(file, pipeline)
                },
                report: Self.recoveryReporter(logger),
                complete: {
                    dedup.complete(pipeline, fileSystem, leftovers) { recovery.isCancelled }
                },
                end: { pipeline.endLeftovers() }
            )
        )
    }

    /// The folder's key; one for this run alone where it can be neither read nor made, so that
    /// events are taken in all the same.
    private static func contentHash(
        _ fileSystem: PosixFileSystem,
        _ logger: Logger
    ) -> ContentHash {
        do {
            return try ContentKey.load(in: fileSystem)
        } catch {
            logger.warning(
                "the key of dedup/ can be neither read nor made: the next start reads segments",
                metadata: ["error": "\(error)"]
            )
            return .random
        }
    }

    /// Ends torn manifest lines and looks at what earlier runs left, before this run opens anything.
    private static func prepare(
        _ fileSystem: PosixFileSystem,
        _ settings: Settings,
        _ startedAt: Int64
    ) throws(DaemonFailure) -> (ManifestHistory, Leftovers) {
        do {
            try RenameCheck.run(fileSystem)
        } catch {
            throw .cannotCreate(
                "the file system of \(settings.storage.directory) can neither rename a file without"
                    + " replacing another nor make hard links (\(error)): give another storage.directory"
            )
        }
        do {
            _ = try Recovery.mendManifests(fileSystem)
            let window = settings.dedup.window.components.seconds
            let isOn = settings.sources.contains { $0.dedup == .on }
            let history = try ManifestHistory(
                fileSystem,
                node: settings.node,
                startedAt: startedAt,
                since: isOn ? Timestamp.date(startedAt - window * 1_000_000) : nil
            )
            return (history, try Leftovers(fileSystem, since: history.firstDay))
        } catch {
            throw DaemonFailure(
                exitCode: 74,
                description: "cannot read the data folder: \(error)"
            )
        }
    }

    /// Sortable by time, unique enough for two starts in one millisecond.
    private static func runName(_ micros: Int64) -> String {
        let digits = String(UInt16.random(in: .min ... .max), radix: 16)
        return Timestamp.compact(micros) + "-" + String(repeating: "0", count: 4 - digits.count)
            + digits
    }

    /// The life state, looked at afresh.
    @discardableResult
    func look() -> LifeState {
        let names = pipeline.configuration.sources.map(\.name)
        let paused = names.indices.filter { pipeline.isPaused(source: $0) }.map { names[$0] }
        let failed = names.indices.filter { pipeline.isFailed(source: $0) }.map { names[$0] }
        let loading = names.indices.filter { pipeline.isLoading(source: $0) }.map { names[$0] }
        let blocked = pipeline.blockedReason
        return changing.withLock { changing in
            changing.life.update(
                at: cplatform_realtime_ns() / 1_000,
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

/// Turning the pipeline's notices into log lines.
extension Collector {
    private static func reporter(
        _ logger: Logger,
        _ sealed: SealedSum,
        _ told: NoticeCounts
    ) -> @Sendable (PipelineNotice) -> Void {
        let folders = Mutex(HourlyLimit())
        return { notice in
            told.count(notice)
            switch notice {
            case .sealed(let file):
                sealed.add(file)
                logger.debug(
                    "sealed",
                    metadata: [
                        "path": "\(file.path)", "events": "\(file.events)",
                        "bytes": "\(file.compressedBytes)", "reason": "\(file.reason.rawValue)",
                    ]
                )
            case .committed(let writer, let events, let files, let microseconds):
                logger.debug(
                    "committed",
                    metadata: [
                        "writer": "\(writer)", "events": "\(events)", "files": "\(files)",
                        "microseconds": "\(microseconds)",
                    ]
                )
            case .storage(let reason?):
                logger.error("intake stopped: storage is blocked", metadata: ["why": "\(reason)"])
            case .storage(nil):
                logger.notice("intake goes on: storage takes more again")
            case .segmentFailed(let error):
                logger.critical(
                    "the disk failed a segment: it is written anew, nothing since is acknowledged",
                    metadata: ["error": "\(error)"]
                )
            case .segmentsMoved(let paths):
                for path in paths {
                    logger.notice(
                        "segment stands in a new file, all of it durable",
                        metadata: ["path": "\(path)"]
                    )
                }
            case .folderBlocked(let error, let instead):
                let now = cplatform_monotonic_ns()
                guard folders.withLock({ $0.allows(instead, at: now) }) else { break }
                Self.log(error, instead: instead, logger)
            case .sourceFailed(let source, let reason):
                logger.critical(
                    "source failed, it takes in nothing more",
                    metadata: ["source": "\(source)", "error": "\(reason)"]
                )
            case .peer(let source, let peer):
                Self.log(peer, source: source, logger)
            case .rejected(let source, let peer, let reason):
                Self.logRejection(source: source, peer: peer, reason: reason, logger)
            case .ledgerMismatch(let writer):
                logger.error("the ledger does not add up", metadata: ["writer": "\(writer)"])
            }
        }
    }

    private static func log(_ error: FileSystemError, instead: String, _ logger: Logger) {
        logger.error(
            "a partition's folder cannot be entered: its events go to another one",
            metadata: ["error": "\(error)", "instead": "\(instead)"]
        )
    }

    private static func recoveryReporter(
        _ logger: Logger
    ) -> @Sendable (Result<RecoveryReport, FileSystemError>) -> Void {
        let begunAt = cplatform_monotonic_ns()
        return { result in
            switch result {
            case .success(let report):
                Self.log(report, cplatform_monotonic_ns() - begunAt, logger)
            case .failure(let error):
                logger.error(
                    "recovery failed, it will be tried again",
                    metadata: ["error": "\(error)"]
                )
            }
        }
    }

    private static func log(_ file: RecoveryReport.File, _ logger: Logger) {
        let isBad =
            switch file.outcome {
            case .damaged, .failed: true
            case .finished, .cut, .removed: false
            }
        logger.log(
            level: isBad ? .error : .debug,
            "recovered",
            metadata: [
                "path": "\(file.path)", "outcome": "\(file.outcome)",
                "events": "\(file.events)",
                "kept": "\(file.keptBytes) of \(file.fileBytes) bytes", "why": "\(file.reason)",
            ]
        )
    }

    private static func log(_ report: RecoveryReport, _ nanoseconds: Int64, _ logger: Logger) {
        let isQuiet = report.files.isEmpty && report.entriesAdded.isEmpty && !report.hasFailed
        logger.log(
            level: isQuiet ? .info : .notice,
            report.isStopped
                ? "recovery stopped" : report.hasFailed ? "recovery failed" : "recovery done",
            metadata: [
                "files": "\(report.files.count)", "events": "\(report.events)",
                "manifestLines": "\(report.manifestLines)",
                "milliseconds": "\(nanoseconds / 1_000_000)",
            ]
        )
        for (path, why) in report.unreadable.sorted(by: { $0.key < $1.key }) {
            logger.error(
                "sealed file cannot be read",
                metadata: ["path": "\(path)", "why": "\(why)"]
            )
        }
        for path in report.missingFiles.prefix(20) {
            logger.warning("manifest names a file that is gone", metadata: ["path": "\(path)"])
        }
        if !report.entriesAdded.isEmpty {
            logger.notice(
                "manifest lines added",
                metadata: ["files": "\(report.entriesAdded.count)"]
            )
        }
    }
}
