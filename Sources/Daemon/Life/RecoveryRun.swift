import CPlatform
import Control
import Events
import Foundation
import Pipeline
import Segments
import Synchronization

/// Recovers what earlier runs left, on a thread of its own beside the new intake, and then reads
/// from the manifests what earlier runs have written: the ledger goes on from what files can prove.
final class RecoveryRun: Sendable {
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

    /// - `open`: open segments found before this run opened any.
    /// - `settled`: called from the thread when all segments of earlier runs are sealed, as far as
    ///   they could be; not when it was asked to end before.
    /// - `report`: told once, from the thread.
    func start(
        _ fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        node: String,
        run: String,
        startedAt: Int64,
        open: [String],
        settled: @escaping @Sendable () -> Void = {},
        report: @escaping @Sendable (Result<RecoveryReport, FileSystemError>) -> Void
    ) {
        current.withLock {
            $0.status.state = "running"
            $0.status.filesFound = open.count
        }
        let recovery = Recovery(
            fileSystem: fileSystem,
            folders: folders,
            manifest: manifest,
            node: node,
            run: run,
            now: { cplatform_realtime_ns() / 1_000 },
            isInUse: Recovery.isOfRun(startedAt: startedAt),
            shouldStop: { self.stop.load(ordering: .acquiring) }
        )
        let thread = Thread {
            let result = Result { () throws(FileSystemError) in
                let recovered = Result { () throws(FileSystemError) in
                    try recovery.run(open) { progress in
                        self.current.withLock { $0.status.filesRecovered = progress.filesDone }
                    }
                }
                if (try? recovered.get())?.isStopped != true { settled() }
                let report = try recovered.get()
                if !report.isStopped { try self.restore(fileSystem, except: run) }
                return report
            }
            self.finish(result)
            report(result)
            self.isDone.store(true, ordering: .releasing)
        }
        thread.name = "recovery"
        thread.start()
    }

    private func finish(_ result: Result<RecoveryReport, FileSystemError>) {
        current.withLock { state in
            switch result {
            case .success(let report):
                state.status.state = report.isStopped ? "stopped" : "done"
                state.status.eventsRecovered = report.events
            case .failure:
                state.status.state = "failed"
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
