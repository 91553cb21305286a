import CPlatform
import Control
import Events
import Glibc
import Intake
import Logging
import Pipeline
import Segments
import Synchronization
import Terminal

/// The verbs of the control socket.
extension Collector: ControlHandler {
    func status() async throws -> StatusAnswer {
        let life = look()
        let (settings, reload) = changing.withLock { ($0.settings, $0.reload) }
        let space = (try? fileSystem.space()) ?? DiskSpace(totalBytes: 0, availableBytes: 0)
        let stats = ledgers()
        return StatusAnswer(
            state: life.state,
            since: Timestamp.text(life.since),
            why: life.why,
            configuration: configurationPath,
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
    }

    private func sourceStatus(_ life: LifeState) -> [SourceStatus] {
        pipeline.configuration.sources.enumerated().map { index, source in
            var status = SourceStatus(
                name: source.name,
                pattern: source.kind,
                endpoints: pipeline.endpoints[index],
                state: sourceState(index, life.state)
            )
            status.problem = pipeline.problem(source: index)
            return status
        }
    }

    func sourceState(_ index: Int, _ life: ServiceState) -> ServiceState {
        if pipeline.isFailed(source: index) { return .failed }
        // While one source still starts, others may be running.
        guard life == .running || life == .starting else { return life }
        if pipeline.isPaused(source: index) { return .paused }
        return pipeline.isLoading(source: index) ? .starting : .running
    }

    func partitions() async throws -> [PartitionAnswer] {
        let now = cplatform_monotonic_ns()
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

    /// Operators paste what `partitions` shows; a folder may be given with or without `events/`.
    static func sealedPrefix(_ given: String) -> String {
        let path = Layout.sealedPath(forOpen: given) ?? given
        let root = path.prefix { $0 != "/" }
        let isFull = root == Layout.events || root == Layout.quarantine
        return isFull ? path : Layout.join(Layout.events, path)
    }

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

    func pause(source: String?) async throws -> StateAnswer {
        pipeline.pause(source: try index(of: source))
        return StateAnswer(state: look().state, source: source)
    }

    func resume(source: String?) async throws -> StateAnswer {
        pipeline.resume(source: try index(of: source))
        return StateAnswer(state: look().state, source: source)
    }

    private func index(of source: String?) throws -> Int? {
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

    func reload() async throws -> ReloadAnswer {
        guard let configurationPath else {
            throw refused(
                "no_configuration",
                "the daemon runs on its embedded default and has no file to read"
            )
        }
        let fresh: Settings
        do {
            fresh = try SettingsReader.load(path: configurationPath, environment: environment)
        } catch {
            changing.withLock { $0.reload.refusal = "\(error)" }
            throw refused("bad_configuration", "\(error)")
        }
        return apply(fresh)
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
            changing.settings.storage.minimumFreeBytes = fresh.storage.minimumFreeBytes
            changing.settings.shutdown = fresh.shutdown
            changing.reload = ReloadOutcome(goodAt: cplatform_realtime_ns() / 1_000)
            return changes
        }
        // An operator's level stays until the file says something new.
        if changes.live.contains("log.level") { logLevel.level = fresh.log.level }
        pipeline.tune(fresh.tunables)
        pipeline.watchSpace()
        logger.notice(
            "configuration read again",
            metadata: [
                "applied": "\(changes.live.joined(separator: " "))",
                "needsRestart": "\(changes.needsRestart.joined(separator: " "))",
            ]
        )
        return ReloadAnswer(applied: changes.live, needsRestart: changes.needsRestart)
    }

    /// About once a second; `now`: monotonic nanoseconds.
    func tickQuarantine(_ now: Int64) {
        let settings = changing.withLock { $0.settings.quarantine }
        let mayRemove = recovery.hasEnded && !recovery.isCancelled
        quarantine.tick(settings, now: now, mayRemove: mayRemove, logger)
    }

    func setLogLevel(_ level: String) async throws -> StateAnswer {
        guard let level = Settings.Log.Level(rawValue: level) else {
            let levels = Settings.Log.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError.badArgument("no log level '\(level)', there are \(levels)")
        }
        logLevel.level = level
        return StateAnswer(state: look().state, logLevel: level.rawValue)
    }

    func drain() async throws -> StateAnswer {
        events.yield(.drain("an operator said drain"))
        return StateAnswer(state: .draining)
    }
}
