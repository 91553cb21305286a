import Archive
import Control
import Disk
import Dispatch
import Events
import Foundation
import Pipeline
import Platform
import Recovery
import Synchronization

/// Recovers the files that earlier runs left, on its own thread, during the new intake.
///
/// It then reads from the manifests what earlier runs have written, so that the ledger continues
/// from proven counts. Past days get a summary, so that the next start need not read their lines.
///
/// After a disk error it retries after a pause, which grows each time.
final class RecoveryRun: Sendable {
    /// Seconds before a retry after a failure: the first time, and at most.
    private static let pauseFirst = 1.0
    private static let pauseMax = 600.0
    /// Seconds between checks of a full disk.
    private static let look = 0.2
    private static let summaryNanoseconds: Int64 = 3_600_000_000_000
    private static let lateLineMicroseconds: Int64 = 600_000_000

    /// The results so far.
    struct State: Sendable {
        var status = RecoveryStatus(
            state: "none",
            filesFound: 0,
            filesRecovered: 0,
            eventsRecovered: 0
        )
        /// Counts of earlier runs, by source name.
        var restored: [String: SourceLedger] = [:]
        /// Events recovered by earlier attempts.
        fileprivate var eventsBefore = 0
        fileprivate var summarisedAt = Int64.min / 2
    }

    private let current = Mutex(State())
    private let stop = Atomic<Bool>(false)
    /// Signalled when recovery is asked to end.
    private let stopping = DispatchSemaphore(value: 0)
    private let isDone = Atomic<Bool>(false)
    /// Nil after the start: recovery frees the work when it is done.
    private let work: Mutex<Work?>

    init(_ work: Work) {
        self.work = Mutex(work)
        current.withLock {
            $0.status.state = "running"
            $0.status.filesFound = work.leftovers.open.count
        }
    }

    var state: State { current.withLock { $0 } }

    /// Asks recovery to end between two files.
    func cancel() {
        stop.store(true, ordering: .releasing)
        stopping.signal()
    }

    var isCancelled: Bool { stop.load(ordering: .acquiring) }

    var hasEnded: Bool { isDone.load(ordering: .acquiring) }

    /// The input of recovery.
    struct Work: Sendable {
        let fileSystem: any FileSystem
        let folders: DurableFolders
        let manifest: ManifestLog
        let node: String
        let run: String
        /// Both taken before this run opened any file.
        let leftovers: Leftovers
        var history = ManifestHistory()
        var steps = Steps()
    }

    /// Additional steps of recovery, each called on its thread.
    ///
    /// Those that may take long get a function that tells whether to end.
    struct Steps: Sendable {
        typealias ShouldStop = @Sendable () -> Bool
        typealias Attempt = Result<RecoveryReport, FileSystemError>

        /// The first step; returns its scans of the open segments.
        var begin: @Sendable (Work, @escaping ShouldStop) -> [PathKey: OpenSegmentScan] = {
            _,
            _ in [:]
        }
        /// Called for each open segment when it is done.
        var onFile: @Sendable (RecoveryReport.File) -> Void = { _ in }
        /// Called after each attempt, with the nanoseconds since the start.
        var report: @Sendable (Attempt, Int64) -> Void = { _, _ in }
        /// Called when nothing is left to retry; not when recovery was asked to end before.
        var complete: @Sendable (Work, @escaping ShouldStop) -> Void = { _, _ in }
        /// Called at the end, after success, failure or cancellation.
        var end: @Sendable () -> Void = {}
    }

    /// Starts the thread; call once.
    func start() {
        let taken = work.withLock { work in
            defer { work = nil }
            return work
        }
        guard let taken else { return }
        let thread = Thread { self.recover(taken) }
        thread.name = "recovery"
        thread.start()
    }

    private func recover(_ work: Work) {
        let begunAt = SystemClock.monotonicNanoseconds
        let recovery = FolderRecovery(
            fileSystem: work.fileSystem,
            folders: work.folders,
            manifest: work.manifest,
            node: work.node,
            run: work.run,
            now: { SystemClock.wallMicroseconds },
            shouldStop: { self.isCancelled },
            waitForRoom: { _ in self.waitForRoom() }
        )
        let steps = work.steps
        let scans = steps.begin(work) { self.isCancelled }
        var pause = Self.pauseFirst
        while true {
            let result = Result { () throws(FileSystemError) in
                let report = try recovery.run(
                    work.leftovers,
                    history: work.history,
                    scans: scans,
                    progress: self.note,
                    onFile: steps.onFile
                )
                if !report.isStopped { try restore(work) }
                return report
            }
            let isOver = finish(result)
            steps.report(result, SystemClock.monotonicNanoseconds - begunAt)
            if isOver || !wait(pause) { break }
            pause = min(2 * pause, Self.pauseMax)
        }
        if !isCancelled {
            steps.complete(work) { self.isCancelled }
            summarise(work.fileSystem)
        }
        isDone.store(true, ordering: .releasing)
        steps.end()
    }

    private func note(_ progress: FolderRecovery.Progress) {
        current.withLock { state in
            state.status.state = "running"
            state.status.filesRecovered = progress.filesDone
            state.status.eventsRecovered = state.eventsBefore + progress.events
        }
    }

    /// Waits; returns false when the run is to end.
    private func wait(_ seconds: Double) -> Bool {
        if !isCancelled { _ = stopping.wait(timeout: .now() + seconds) }
        return !isCancelled
    }

    /// Waits before the next check of a full disk; returns false when the run is to end.
    private func waitForRoom() -> Bool {
        current.withLock { $0.status.state = "waiting for room" }
        return wait(Self.look)
    }

    /// Publishes the result of an attempt; returns whether there is nothing to retry.
    private func finish(_ result: Result<RecoveryReport, FileSystemError>) -> Bool {
        current.withLock { state in
            switch result {
            case .success(let report):
                let isWhole = report.isStopped || !report.hasFailed
                state.eventsBefore += report.events
                state.status.eventsRecovered = state.eventsBefore
                state.status.state = report.isStopped ? "stopped" : isWhole ? "done" : "failed"
                return isWhole
            case .failure:
                state.status.state = "failed"
                return false
            }
        }
    }

    /// Adds up the manifests of all runs but this one.
    private func restore(_ work: Work) throws(FileSystemError) {
        let (totals, _) = try work.history.totals(work.fileSystem, except: work.run)
        var ledgers: [String: SourceLedger] = [:]
        for (source, events) in totals.written {
            ledgers[source, default: SourceLedger()].restore(events, nil)
        }
        for (source, reasons) in totals.quarantined {
            for (reason, events) in reasons {
                // A reason of a later version counts as written, so that the equation holds.
                ledgers[source, default: SourceLedger()].restore(
                    events,
                    Rejection(rawValue: reason)
                )
            }
        }
        current.withLock { $0.restored = ledgers }
    }

    // MARK: - Summaries

    /// Summarizes past days; works once an hour, when recovery is done.
    func tick(_ fileSystem: any FileSystem, now: Int64) {
        guard hasEnded, !isCancelled else { return }
        let isDue = current.withLock { state in
            guard now - state.summarisedAt >= Self.summaryNanoseconds else { return false }
            state.summarisedAt = now
            return true
        }
        guard isDue else { return }
        let thread = Thread { self.summarise(fileSystem) }
        thread.name = "summaries"
        thread.start()
    }

    /// Summarizes days whose last lines have had their time to be written.
    private func summarise(_ fileSystem: any FileSystem) {
        let now = SystemClock.wallMicroseconds
        let today = Timestamp.date(now - Self.lateLineMicroseconds)
        current.withLock { $0.summarisedAt = SystemClock.monotonicNanoseconds }
        // Days that fail now are left to the next time: their lines are read instead.
        _ = try? ManifestHistory.summarise(fileSystem, before: today) { self.isCancelled }
    }
}

extension SourceLedger {
    /// Counts events of an earlier run: received, and written or quarantined.
    fileprivate mutating func restore(_ events: Int, _ rejection: Rejection?) {
        received += events
        if let rejection {
            quarantined[rejection.index] += events
        } else {
            written += events
        }
    }
}
