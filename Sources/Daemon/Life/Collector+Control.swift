import Archive
import Compression
import Configuration
import Control
import Disk
import Events
import Glibc
import Intake
import Logging
import Pipeline
import Plan
import Platform
import Storage
import Synchronization
import Terminal
import ZeroMQ

/// The commands of the control socket.
extension Collector {
    /// The function of each verb.
    var controlHandler: ControlHandler {
        var handler = ControlHandler()
        handler.on(VerbTable.version) { _ in
            VersionAnswer(version: ProductVersion.number, build: ProductVersion.build)
        }
        handler.on(VerbTable.build) { _ in Self.build }
        handler.on(VerbTable.status) { _ in try await self.status() }
        handler.on(VerbTable.stats) { _ in try await self.stats() }
        handler.on(VerbTable.producers) { try await self.producers(source: $0) }
        handler.on(VerbTable.partitions) { _ in try await self.partitions() }
        handler.on(VerbTable.plan) { _ in try await self.plan() }
        handler.on(VerbTable.drift) { _ in try await self.drift() }
        handler.on(VerbTable.seal) { try await self.seal(prefix: $0) }
        handler.on(VerbTable.flush) { _ in try await self.flush() }
        handler.on(VerbTable.pause) { try await self.pause(source: $0) }
        handler.on(VerbTable.resume) { try await self.resume(source: $0) }
        handler.on(VerbTable.reload) { _ in try await self.reload() }
        handler.on(VerbTable.logLevel) { try await self.setLogLevel($0 ?? "") }
        handler.on(VerbTable.drain) { _ in try await self.drain() }
        return handler
    }

    /// The versions of this program and its libraries.
    private static var build: BuildAnswer {
        BuildAnswer(
            version: ProductVersion.number,
            build: ProductVersion.build,
            swift: ProductVersion.swift,
            libraries: [
                "ISA-L": Engine.isal.libraryVersion, "libzmq": Context.libraryVersion,
                "zlib": Engine.zlib.libraryVersion,
            ]
        )
    }

    /// The daemon's state, and since when it has it.
    func status() async throws -> StatusAnswer {
        let life = look()
        let (settings, reload) = changing.withLock { ($0.settings, $0.reload) }
        let space = (try? fileSystem.space()) ?? DiskSpace(totalBytes: 0, availableBytes: 0)
        let stats = ledgers()
        var status = StatusAnswer(
            state: life.state,
            since: Timestamp.text(life.since),
            why: life.why,
            configuration: origin.path,
            reloadRefused: reload.refusal,
            node: settings.node,
            run: run,
            version: ProductVersion.number,
            pid: Int(getpid()),
            sources: sourceStatus(life),
            disk: DiskStatus(
                directory: settings.storage.directory,
                totalBytes: Int(clamping: space.totalBytes),
                availableBytes: Int(clamping: space.availableBytes),
                availableFiles: space.availableFiles.map { Int(clamping: $0) },
                minimumFreeBytes: settings.storage.minimumFreeBytes
            ),
            recovery: recovery.state.status,
            dedup: dedup.status(pipeline),
            quarantine: quarantine.status(settings.quarantine),
            ledgerBalanced: pipeline.ledgerMismatches == 0
                && stats.values.allSatisfy(\.isBalanced)
        )
        status.eventTime = pipeline.lateness.map {
            EventTimeStatus($0, settings.partition, now: SystemClock.wallMicroseconds)
        }
        return status
    }

    private func sourceStatus(_ life: LifeState) -> [SourceStatus] {
        pipeline.configuration.sources.enumerated().map { index, source in
            var status = SourceStatus(
                name: source.name,
                pattern: source.kind,
                endpoints: pipeline.endpoints[index],
                state: sourceState(index, life.state)
            )
            if source.deduplicates {
                status.dedupScope = source.hasKeys ? "producer" : "everybody"
            }
            status.problem = pipeline.problem(source: index)
            return status
        }
    }

    func sourceState(_ index: Int, _ life: ServiceState) -> ServiceState {
        if pipeline.isFailed(source: index) { return .failed }
        // While one source is still starting, others may be running.
        guard life == .running || life == .starting else { return life }
        if pipeline.isPaused(source: index) { return .paused }
        return pipeline.isLoading(source: index) ? .starting : .running
    }

    /// The open segments.
    func partitions() async throws -> [PartitionAnswer] {
        let now = SystemClock.monotonicNanoseconds
        return try await unavailable { () throws(PipelineError) in
            try await self.pipeline.openSegments()
        }.map { segment in
            PartitionAnswer(
                path: segment.path,
                events: segment.events,
                bytes: segment.rawBytes,
                compressedBytes: segment.compressedBytes,
                ageSeconds: Double(now - segment.openedAt) / 1e9,
                lastCommit: segment.lastCommitAt.map(Timestamp.text)
            )
        }
    }

    /// Seals the open segment at `prefix`, or those below that folder (nil: all); returns when they
    /// are durable.
    func seal(prefix: String?) async throws -> SealAnswer {
        let outcome = try await unavailable { () throws(PipelineError) in
            try await self.pipeline.seal(prefix: prefix.map(Self.sealedPrefix))
        }
        if let prefix, outcome.sealed.isEmpty {
            throw ControlError(
                code: "no_such_partition",
                message: "no open segment is in '\(prefix)'; 'partitions' lists those there are"
            )
        }
        return SealAnswer(paths: outcome.sealed.map(\.path).sorted())
    }

    /// Converts an operator's path, a folder with or without `events/`, to a sealed prefix.
    static func sealedPrefix(_ given: String) -> String {
        let path = Layout.sealedPath(forOpen: given) ?? given
        let root = path.prefix { $0 != "/" }
        let isFull = root == SegmentFormat.events || root == SegmentFormat.quarantine
        return isFull ? path : DiskPath.join(SegmentFormat.events, path)
    }

    /// Commits the events received so far; returns when they are durable.
    func flush() async throws -> FlushAnswer {
        let outcome = try await unavailable { () throws(PipelineError) in
            try await self.pipeline.flush()
        }
        return FlushAnswer(committed: true, events: outcome.events)
    }

    private func unavailable<Value>(
        _ body: () async throws(PipelineError) -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw ControlError(code: ControlError.unavailableCode, message: "\(error)")
        }
    }

    /// Pauses the intake of one source, or of all.
    func pause(source: String?) async throws -> StateAnswer {
        pipeline.pause(source: try index(of: source))
        return StateAnswer(state: look().state, source: source)
    }

    /// Resumes the intake of one source, or of all.
    func resume(source: String?) async throws -> StateAnswer {
        pipeline.resume(source: try index(of: source))
        return StateAnswer(state: look().state, source: source)
    }

    func index(of source: String?) throws -> Int? {
        guard let source else { return nil }
        guard let index = pipeline.source(named: source) else {
            let names = pipeline.configuration.sources.map(\.name).joined(separator: ", ")
            throw ControlError(
                code: "no_such_source",
                message: "no source is named '\(source)', there are \(names)"
            )
        }
        return index
    }

    /// Reads the configuration again and applies the settings that can change during a run.
    func reload() async throws -> ReloadAnswer {
        guard let path = origin.path else {
            throw refused(
                "no_configuration",
                "the daemon runs on its embedded default and has no file to read"
            )
        }
        let fresh: Settings
        do {
            fresh = try SettingsReader.load(path: path, environment: origin.environment)
        } catch {
            changing.withLock { $0.reload.refusal = "\(error)" }
            throw refused("bad_configuration", "\(error)")
        }
        let (loaded, wants): (LoadedPlan?, EventWants?)
        do {
            loaded = try fresh.loadPlan()
            var settings = changing.withLock { $0.settings }
            settings.sources = settings.sources(withLiveOf: fresh)
            wants = try settings.wants(loaded)
        } catch {
            changing.withLock { $0.reload.refusal = "\(error)" }
            throw refused("bad_plan", "\(error)")
        }
        var answer = apply(fresh)
        let before = changing.withLock { changing in
            defer { (changing.plan, changing.hasWants) = (loaded, wants != nil) }
            return (plan: changing.plan, hasWants: changing.hasWants)
        }
        if before.plan?.label != loaded?.label { answer.applied.append("plan") }
        // Between two commits, and before the answer.
        if before.hasWants || wants != nil { await pipeline.setWants(wants) }
        return answer
    }

    private func refused(_ code: String, _ why: String) -> ControlError {
        logger.error("reload failed, the running configuration stays", metadata: ["why": "\(why)"])
        return ControlError(code: code, message: why)
    }

    private func apply(_ fresh: Settings) -> ReloadAnswer {
        let changes = changing.withLock { changing in
            let changes = fresh.changes(from: changing.settings)
            changing.settings.log.level = fresh.log.level
            changing.settings.commit = fresh.commit
            changing.settings.segment = fresh.segment
            changing.settings.quarantine = fresh.quarantine
            changing.settings.plan = fresh.plan
            changing.settings.limits.perProducer = fresh.limits.perProducer
            changing.settings.storage.minimumFreeBytes = fresh.storage.minimumFreeBytes
            changing.settings.shutdown = fresh.shutdown
            changing.settings.sources = changing.settings.sources(withLiveOf: fresh)
            changing.reload = ReloadOutcome(goodAt: SystemClock.wallMicroseconds)
            return changes
        }
        // An operator's level stays until the file has a new one.
        if changes.live.contains("log.level") { log.level.level = fresh.log.level }
        pipeline.tune(fresh.tunables)
        let rekeyed = keys.reload(changing.withLock { $0.settings.sources }, logger)
        for (at, source) in pipeline.configuration.sources.enumerated()
        where rekeyed.contains(source.name) {
            pipeline.wake(source: at)
        }
        pipeline.watchSpace()
        logger.notice(
            "configuration read again",
            metadata: [
                "applied": "\(changes.live.joined(separator: " "))",
                "needsRestart": "\(changes.needsRestart.joined(separator: " "))",
                "keys": "\(rekeyed.joined(separator: " "))",
            ]
        )
        return ReloadAnswer(applied: changes.live, needsRestart: changes.needsRestart)
    }

    /// Checks quarantine, about once a second; `now`: monotonic nanoseconds.
    func tickQuarantine(_ now: Int64) {
        let settings = changing.withLock { $0.settings.quarantine }
        let mayRemove = recovery.hasEnded && !recovery.isCancelled
        quarantine.tick(settings, now: now, mayRemove: mayRemove, logger)
    }

    /// Sets the log level, until the next start or a reload that finds another level.
    func setLogLevel(_ level: String) async throws -> StateAnswer {
        guard let level = Settings.Log.Level(rawValue: level) else {
            let levels = Settings.Log.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError.badArgument("no log level '\(level)', there are \(levels)")
        }
        log.level.level = level
        return StateAnswer(state: look().state, logLevel: level.rawValue)
    }

    /// Starts a drain: intake stops, everything is written and sealed, the daemon exits.
    func drain() async throws -> StateAnswer {
        events.yield(.drain("an operator said drain"))
        return StateAnswer(state: .draining)
    }
}

extension EventTimeStatus {
    /// - `lateness`: of the newest day with events.
    /// - `now`: microseconds since 1970 UTC.
    init(_ lateness: Lateness, _ partition: Settings.Partition, now: Int64) {
        let today = Int(now / 86_400_000_000)
        let lateness = lateness.day == today ? lateness : Lateness(day: today)
        self.init(
            day: Timestamp.date(now),
            events: lateness.eventCount,
            p50Seconds: lateness.seconds(ofShare: 0.5),
            p99Seconds: lateness.seconds(ofShare: 0.99),
            late: lateness.count(.late),
            future: lateness.count(.future),
            untimed: lateness.count(.untimed),
            lateAfterSeconds: Int(partition.late.after.components.seconds),
            futureSeconds: Int(partition.future.components.seconds)
        )
    }
}
