import CPlatform
import Control
import Events
import Foundation
import Pipeline
import Segments
import Synchronization

/// Recovers what earlier runs left, on a thread of its own beside the new intake, and then reads
/// from the manifests what earlier runs have written: the ledger goes on from what files can prove.
///
/// What the disk refused is tried again after a pause, a longer one each time.
final class RecoveryRun: Sendable {
    /// Seconds before what failed is tried again: the first time, and at most.
    private static let pauseFirst = 1.0
    private static let pauseMax = 600.0
    /// Seconds between looks at whether to end.
    private static let look = 0.2

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
    }

    private let current = Mutex(State())
    private let stop = Atomic<Bool>(false)
    private let isDone = Atomic<Bool>(false)

    var state: State { current.withLock { $0 } }

    /// Asks it to end between two files.
    func cancel() {
        stop.store(true, ordering: .releasing)
    }

    var isCancelled: Bool { stop.load(ordering: .acquiring) }

    var hasEnded: Bool { isDone.load(ordering: .acquiring) }

    /// - `leftovers`: taken before this run opened any file.
    /// - `settled`: called once from the thread, when all segments of earlier runs are sealed, as far
    ///   as they could be at the first attempt; not when it was asked to end before.
    /// - `onFile`: told of each open segment when it is done, from the thread.
    /// - `report`: told of each attempt, from the thread.
    func start(
        _ fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        node: String,
        run: String,
        leftovers: Leftovers,
        settled: @escaping @Sendable () -> Void = {},
        onFile: @escaping @Sendable (RecoveryReport.File) -> Void = { _ in },
        report: @escaping @Sendable (Result<RecoveryReport, FileSystemError>) -> Void
    ) {
        current.withLock {
            $0.status.state = "running"
            $0.status.filesFound = leftovers.open.count
        }
        let recovery = Recovery(
            fileSystem: fileSystem,
            folders: folders,
            manifest: manifest,
            node: node,
            run: run,
            now: { cplatform_realtime_ns() / 1_000 },
            isInUse: leftovers.isOfThisRun,
            shouldStop: { self.isCancelled },
            waitForRoom: { _ in self.waitForRoom() }
        )
        let thread = Thread {
            var pause = Self.pauseFirst
            var settled: (() -> Void)? = settled
            while true {
                let result = Result { () throws(FileSystemError) in
                    let recovered = Result { () throws(FileSystemError) in
                        try recovery.run(leftovers.open, progress: self.note, onFile: onFile)
                    }
                    if (try? recovered.get())?.isStopped != true { settled?() }
                    settled = nil
                    let report = try recovered.get()
                    if !report.isStopped { try self.restore(fileSystem, except: run) }
                    return report
                }
                let isOver = self.finish(result)
                report(result)
                if isOver || !self.wait(pause) { break }
                pause = min(2 * pause, Self.pauseMax)
            }
            self.isDone.store(true, ordering: .releasing)
        }
        thread.name = "recovery"
        thread.start()
    }

    private func note(_ progress: Recovery.Progress) {
        current.withLock { state in
            state.status.state = "running"
            state.status.filesRecovered = progress.filesDone
            state.status.eventsRecovered = state.eventsBefore + progress.events
        }
    }

    /// Lets time go by; false when the run is to end.
    private func wait(_ seconds: Double) -> Bool {
        var left = seconds
        while left > 0, !isCancelled {
            Thread.sleep(forTimeInterval: min(left, Self.look))
            left -= Self.look
        }
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
    private func restore(
        _ fileSystem: any FileSystem,
        except run: String
    ) throws(FileSystemError) {
        var ledgers: [String: SourceLedger] = [:]
        var seen: Set<Int> = []
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            guard let entry, seen.insert(entry.path.hashValue).inserted else { return }
            let rejection = Self.rejection(ofPath: entry.path)
            for sequence in entry.sequences where sequence.run != run {
                ledgers[sequence.source, default: SourceLedger()].restore(
                    sequence.events,
                    rejection
                )
            }
        }
        current.withLock { $0.restored = ledgers }
    }

    private static func rejection(ofPath path: String) -> Rejection? {
        let prefix = "\(Layout.quarantine)/reason="
        guard path.hasPrefix(prefix) else { return nil }
        return Rejection(rawValue: String(path.dropFirst(prefix.count).prefix { $0 != "/" }))
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
