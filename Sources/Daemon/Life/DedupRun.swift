import Archive
import Control
import Dedup
import Disk
import Logging
import Pipeline
import Platform
import Recovery
import Synchronization

/// Maintains the window of ids: loads the ids of earlier runs at the start, frees memory and files
/// of expired ids, and warns when memory does not suffice.
///
/// Any thread may call, but ``load(_:fileSystem:leftovers:from:logger:shouldStop:)`` is for the
/// recovery thread, ``tick(_:fileSystem:logger:)`` for the ticker's.
final class DedupRun: Sendable {
    private struct State {
        var phase = "off"
        var why: String?
        var loaded = 0
        var loadedPerSecond = 0
        /// Ids forgotten at the last check, and when their number last grew, in monotonic
        /// nanoseconds.
        var forgotten = 0
        var forgottenAt: Int64?
        /// How far the window reached when memory was last short; nil when it suffices.
        var coveredSeconds: Int?
        /// Seconds since 1970 UTC from which all ids are known; nil when those of the whole window
        /// are.
        var knownSince: Int64?
        var sweptAt = Int64.min
        /// By source: the number of reused ids in the last warning, and its time in monotonic
        /// nanoseconds.
        var reused: [String: (count: Int, at: Int64)] = [:]
        /// The state of the open segments that earlier runs left.
        var settling: LeftoverSettling?
    }

    /// A shortage ends when no id was forgotten for this long; a new one is then logged again.
    private static let calmNanoseconds: Int64 = 600_000_000_000
    private static let sweepNanoseconds: Int64 = 3_600_000_000_000
    private static let progressNanoseconds: Int64 = 5_000_000_000
    /// The shortest time between two warnings about a source's reused ids.
    private static let reusedNanoseconds: Int64 = 3_600_000_000_000

    private let state = Mutex(State())

    /// Marks the ids as loading, so that sources wait; called before anything is read.
    func begin(_ pipeline: Pipeline) {
        guard !pipeline.configuration.deduplicated.isEmpty else { return }
        state.withLock { $0.phase = "loading" }
    }

    // MARK: - At the start

    /// Reads the ids of the window, then lets the waiting sources take in events.
    ///
    /// The open segments of earlier runs are scanned, not recovered: answers to duplicates of their
    /// events wait until ``settled(_:_:)``. Returns the scans, which recovery must use.
    ///
    /// Unreadable files are logged, and the sources take in events nevertheless: retries may then
    /// be written twice, which is better than taking in nothing.
    func load(
        _ pipeline: Pipeline,
        fileSystem: any FileSystem,
        leftovers: Leftovers,
        from firstDay: String,
        logger: Logger,
        shouldStop: @escaping @Sendable () -> Bool
    ) -> [PathKey: OpenSegmentScan] {
        let sources = pipeline.configuration.deduplicated
        guard !sources.isEmpty else { return [:] }
        let names = sources.keys.sorted().joined(separator: ",")
        logger.notice(
            "sources wait until the ids of earlier events are read",
            metadata: ["sources": "\(names)", "openFiles": "\(leftovers.open.count)"]
        )
        let begunAt = SystemClock.monotonicNanoseconds
        let since = Self.windowStart(pipeline)
        let loading = IdentityLoad(
            fileSystem: fileSystem,
            sources: sources,
            since: since,
            contentHash: pipeline.configuration.contentHash,
            shouldStop: shouldStop
        )
        let result = read(
            loading,
            leftovers: leftovers,
            from: firstDay,
            begunAt: begunAt,
            pipeline: pipeline,
            logger: logger
        )
        let reading = OpenSegmentReading(
            fileSystem: fileSystem,
            sources: sources,
            since: since,
            contentHash: pipeline.configuration.contentHash,
            shouldStop: shouldStop
        )
        let open = reading.run(leftovers.open, pipeline)
        state.withLock { $0.settling = LeftoverSettling(leftovers.open) }
        finish(
            result,
            open: open,
            nanoseconds: SystemClock.monotonicNanoseconds - begunAt,
            pipeline: pipeline,
            logger: logger
        )
        if shouldStop() { return [:] }
        pipeline.openIntake()
        logger.notice(
            "sources open",
            metadata: [
                "sources": "\(names)", "files": "\(leftovers.open.count)", "events": "\(open.ids)",
                "milliseconds": "\((SystemClock.monotonicNanoseconds - begunAt) / 1_000_000)",
            ]
        )
        return open.scans
    }

    /// Reads the ids that earlier runs left, and logs their number every few seconds.
    private func read(
        _ loading: IdentityLoad,
        leftovers: Leftovers,
        from firstDay: String,
        begunAt: Int64,
        pipeline: Pipeline,
        logger: Logger
    ) -> Result<IdentityLoad.Report, FileSystemError> {
        var toldAt = begunAt
        return Result { () throws(FileSystemError) in
            try loading.run(
                leftovers,
                from: firstDay,
                onIdentity: { pipeline.remember($0) },
                progress: { report in
                    let now = SystemClock.monotonicNanoseconds
                    self.note(report, now - begunAt)
                    guard now - toldAt >= Self.progressNanoseconds else { return }
                    toldAt = now
                    logger.notice("reading ids", metadata: ["ids": "\(report.ids)"])
                }
            )
        }
    }

    /// Notes that recovery is done with an open segment; unless it failed, its events are durable,
    /// and duplicates of them may be answered.
    func settled(_ file: RecoveryReport.File, _ pipeline: Pipeline) {
        if case .failed = file.outcome { return }
        let upTo = state.withLock { $0.settling?.settle(file.path) }
        if let upTo { pipeline.settleLeftovers(upTo: upTo) }
    }

    /// Writes the missing id files of the segments that recovery has sealed.
    func complete(
        _ pipeline: Pipeline,
        fileSystem: any FileSystem,
        leftovers: Leftovers,
        shouldStop: @escaping @Sendable () -> Bool
    ) {
        let sources = pipeline.configuration.deduplicated
        guard !sources.isEmpty else { return }
        let loading = IdentityLoad(
            fileSystem: fileSystem,
            sources: sources,
            since: Self.windowStart(pipeline),
            contentHash: pipeline.configuration.contentHash
        )
        for path in leftovers.open {
            guard !shouldStop() else { return }
            guard let sealed = Layout.sealedPath(forOpen: path) else { continue }
            // If this fails, the next start reads the segment.
            try? loading.complete(sealed)
        }
        state.withLock { $0.settling = nil }
    }

    private func note(_ report: IdentityLoad.Report, _ nanoseconds: Int64) {
        let rate = Double(report.ids) / max(1e-6, Double(nanoseconds) / 1e9)
        state.withLock { state in
            state.loaded = report.ids
            state.loadedPerSecond = Int(rate)
        }
    }

    private func finish(
        _ result: Result<IdentityLoad.Report, FileSystemError>,
        open: OpenSegmentReading.Report,
        nanoseconds: Int64,
        pipeline: Pipeline,
        logger: Logger
    ) {
        switch result {
        case .failure(let error):
            state.withLock { state in
                (state.phase, state.why) = ("incomplete", "\(error)")
                state.knownSince = SystemClock.wallNanoseconds / 1_000_000_000
            }
            logger.error(
                "ids of earlier events cannot be read: what is sent again may be written again",
                metadata: ["error": "\(error)"]
            )
        case .success(let report):
            note(report, nanoseconds)
            let unreadable = report.unreadable.merging(open.unreadable) { first, _ in first }
            for (path, why) in unreadable.sorted(by: { $0.key < $1.key }).prefix(20) {
                logger.error(
                    "ids of a segment cannot be read: its events may be written again",
                    metadata: ["path": "\(path)", "why": "\(why)"]
                )
            }
            let ids = pipeline.window.figures.ids
            let count = unreadable.count
            let isStopped = report.isStopped || open.isStopped
            state.withLock { state in
                state.loaded = ids
                state.phase = isStopped ? "loading" : count > 0 ? "incomplete" : "ready"
                state.why = count > 0 ? "ids of \(count) segments cannot be read" : nil
                let now = SystemClock.wallNanoseconds / 1_000_000_000
                state.knownSince =
                    open.unreadable.isEmpty
                    ? report.unreadableUntil.map { min(now, Int64($0)) } : now
            }
            logger.notice(
                "ids read",
                metadata: [
                    "ids": "\(ids)", "files": "\(report.files)",
                    "segments": "\(report.segments)", "segmentBytes": "\(report.segmentBytes)",
                    "manifestLines": "\(report.manifestLines)",
                    "milliseconds": "\(nanoseconds / 1_000_000)",
                ]
            )
        }
    }

    /// Seconds since 1970 UTC.
    private static func windowStart(_ pipeline: Pipeline) -> UInt32 {
        let now = SystemClock.wallNanoseconds / 1_000_000_000
        return UInt32(clamping: now - pipeline.window.configuration.window.components.seconds)
    }

    // MARK: - While it runs

    /// Checks the window; called about once a second.
    func tick(_ pipeline: Pipeline, fileSystem: any FileSystem, logger: Logger) {
        guard !pipeline.configuration.deduplicated.isEmpty else { return }
        pipeline.window.expire(now: SystemClock.wallMicroseconds)
        let now = SystemClock.monotonicNanoseconds
        watchMemory(pipeline.window, now: now, logger: logger)
        watchAge(
            pipeline.window.configuration,
            now: SystemClock.wallNanoseconds / 1_000_000_000,
            logger: logger
        )
        let reused = pipeline.snapshot().sources.map { ($0.name, $0.ledger.reusedIDs) }
        watchReuse(reused, now: now, logger: logger)
        let sweeps = state.withLock { state in
            let isDue = state.sweptAt == .min || now - state.sweptAt >= Self.sweepNanoseconds
            // Not while the load still reads them.
            guard isDue, state.phase != "loading" else { return false }
            state.sweptAt = now
            return true
        }
        if sweeps { _ = IdentitySweep.run(fileSystem, since: Self.windowStart(pipeline)) }
    }

    /// Logs, once per episode, that ids are forgotten before the end of their window.
    func watchMemory(_ window: IdentityWindow, now: Int64, logger: Logger) {
        let figures = window.figures
        let change = state.withLock { state -> Bool? in
            if figures.forgotten > state.forgotten {
                let isNew = state.forgottenAt == nil
                state.forgotten = figures.forgotten
                state.forgottenAt = now
                state.coveredSeconds = figures.forgottenAgeSeconds
                return isNew ? true : nil
            }
            guard let last = state.forgottenAt, now - last >= Self.calmNanoseconds else {
                return nil
            }
            (state.forgottenAt, state.coveredSeconds) = (nil, nil)
            return false
        }
        switch change {
        case true?:
            logger.warning(
                """
                dedup.maxMemory does not suffice: ids are forgotten before dedup.window is over, and \
                what is sent again after that is written again
                """,
                metadata: [
                    "ids": "\(figures.ids)", "bytes": "\(figures.bytes)",
                    "covered": "\(figures.forgottenAgeSeconds)s",
                    "window": "\(window.configuration.window.components.seconds)s",
                ]
            )
        case false?:
            logger.notice("dedup.maxMemory suffices again", metadata: ["ids": "\(figures.ids)"])
        case nil:
            break
        }
    }

    /// Logs when the window no longer includes the time of the unreadable files.
    func watchAge(_ configuration: IdentityWindow.Configuration, now: Int64, logger: Logger) {
        let window = configuration.window.components.seconds
        let isOver = state.withLock { state in
            guard let since = state.knownSince, now - since > window else { return false }
            (state.knownSince, state.phase, state.why) = (nil, "ready", nil)
            return true
        }
        if isOver { logger.notice("ids of the whole window are known again") }
    }

    /// Logs how many events had the id of another one: at once, then at most once an hour per
    /// source.
    func watchReuse(_ counts: [(String, Int)], now: Int64, logger: Logger) {
        for (source, count) in counts where count > 0 {
            let more = state.withLock { state -> Int? in
                let said = state.reused[source]
                let more = count - (said?.count ?? 0)
                if let said, now - said.at < Self.reusedNanoseconds { return nil }
                guard more > 0 else { return nil }
                state.reused[source] = (count, now)
                return more
            }
            guard let more else { continue }
            logger.warning(
                "events with the messageId of another event were written, marked idReused",
                metadata: ["source": "\(source)", "events": "\(more)", "total": "\(count)"]
            )
        }
    }

    // MARK: - Status

    func status(_ pipeline: Pipeline) -> DedupStatus {
        let state = state.withLock { $0 }
        let figures = pipeline.window.figures
        let configuration = pipeline.window.configuration
        let window = Int(configuration.window.components.seconds)
        let now = SystemClock.wallNanoseconds / 1_000_000_000
        let known = state.knownSince.map { max(0, Int(clamping: now - $0)) } ?? window
        return DedupStatus(
            state: state.phase,
            why: state.why,
            ids: figures.ids,
            bytes: figures.bytes,
            maxMemoryBytes: configuration.memoryBytesMax,
            windowSeconds: window,
            coveredSeconds: min(window, state.coveredSeconds ?? window, known),
            forgotten: figures.forgotten,
            loaded: state.loaded,
            loadedPerSecond: state.loadedPerSecond,
            waitingAnswers: pipeline.answersDeferred
        )
    }
}
