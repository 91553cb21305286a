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

/// Recovers what earlier runs left, on a thread of its own beside the new intake.
///
/// Then it reads from the manifests what earlier runs have written: the ledger goes on from what files
/// can prove. Days that are over get a summary, so that the next start need not read their lines.
///
/// What the disk refused is tried again after a pause, a longer one each time.
final class RecoveryRun: Sendable {
    /// Seconds before what failed is tried again: the first time, and at most.
    private static let pauseFirst = 1.0
    private static let pauseMax = 600.0
    /// Seconds between looks at a full disk.
    private static let look = 0.2
    private static let summaryNanoseconds: Int64 = 3_600_000_000_000
    private static let lateLineMicroseconds: Int64 = 600_000_000

    /// What is known so far.
    struct State: Sendable {
        var status = RecoveryStatus(
            state: "none",
            filesFound: 0,
            filesRecovered: 0,
            eventsRecovered: 0
        )
        /// By source name, from earlier runs.
        var restored: [String: SourceLedger] = [:]
        /// Brought back by attempts before the present one.
        fileprivate var eventsBefore = 0
        fileprivate var summarisedAt = Int64.min / 2
    }

    private let current = Mutex(State())
    private let stop = Atomic<Bool>(false)
    /// Signalled when it is asked to end.
    private let stopping = DispatchSemaphore(value: 0)
    private let isDone = Atomic<Bool>(false)
    /// Nil from the start on: what it holds is given up when recovery is done.
    private let work: Mutex<Work?>

    init(_ work: Work) {
        self.work = Mutex(work)
        current.withLock {
            $0.status.state = "running"
            $0.status.filesFound = work.leftovers.open.count
        }
    }

    var state: State { current.withLock { $0 } }

    /// Asks it to end between two files.
    func cancel() {
        stop.store(true, ordering: .releasing)
        stopping.signal()
    }

    var isCancelled: Bool { stop.load(ordering: .acquiring) }

    var hasEnded: Bool { isDone.load(ordering: .acquiring) }

    /// What there is to recover.
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

    /// What it does beside recovering; each is called from its thread.
    ///
    /// Those that may take long are told how to ask whether to end.
    struct Steps: Sendable {
        typealias ShouldStop = @Sendable () -> Bool
        typealias Attempt = Result<RecoveryReport, FileSystemError>

        /// First of all; gives what it has scanned of the open segments.
        var begin: @Sendable (Work, @escaping ShouldStop) -> [PathKey: OpenSegmentScan] = {
            _,
            _ in [:]
        }
        /// Told of each open segment when it is done.
        var onFile: @Sendable (RecoveryReport.File) -> Void = { _ in }
        /// Told of each attempt, and how many nanoseconds have passed since the start.
        var report: @Sendable (Attempt, Int64) -> Void = { _, _ in }
        /// After an attempt to which nothing is left; not when it was asked to end before.
        var complete: @Sendable (Work, @escaping ShouldStop) -> Void = { _, _ in }
        /// At the end, however it came.
        var end: @Sendable () -> Void = {}
    }

    /// Starts the thread, once.
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

    /// Lets time go by; false when the run is to end.
    private func wait(_ seconds: Double) -> Bool {
        if !isCancelled { _ = stopping.wait(timeout: .now() + seconds) }
        return !isCancelled
    }

    /// A full disk is looked at five times a second until it takes the file or the run is to end.
    private func waitForRoom() -> Bool {
        current.withLock { $0.status.state = "waiting for room" }
        return wait(Self.look)
    }

    /// Shows what an attempt came to; gives whether there is nothing to try again.
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

    /// Once an hour, when recovery is done: a day may be over.
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

    /// A day is over when a line of its last moment has had its time to be written.
    private func summarise(_ fileSystem: any FileSystem) {
        let now = SystemClock.wallMicroseconds
        let today = Timestamp.date(now - Self.lateLineMicroseconds)
        current.withLock { $0.summarisedAt = SystemClock.monotonicNanoseconds }
        // What cannot be read or written now is left to the next time: lines are read instead.
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
