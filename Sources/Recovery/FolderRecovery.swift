package import Archive
package import Disk
import Glibc

/// Restores a data folder after a crash: open segments are sealed with everything that was
/// committed, and every sealed file gets its manifest line.
///
/// Intake may already run beside it. Files are processed several at a time, so that they share the
/// waits for the disk: up to ``filesAtOnce``, with ``bytesAtOnce`` to be synced. Memory: some
/// hundred bytes per open segment, 16 bytes per manifest line, and the memory for reading one file.
/// It uses one descriptor per file in progress, and two more.
///
/// After each step, running again leads to the same result:
///
///     .part.open ── kept part copied to .part.open.recovering, synced, read back
///                ── copy renamed to its sealed name, folder synced
///                ── manifest line, synced
///                ── .part.open removed
///
/// An open segment is never written to and is removed last. One that exists beside its sealed file
/// is compared with it: the same content means that only the removal was missing. Damage is
/// different: the readable part is sealed in the same way, and the original is then renamed to
/// `.part.damaged`. Sealed files without a manifest line are read to write it.
package struct FolderRecovery {
    static let filesAtOnce = 32
    static let bytesAtOnce = 64 << 20

    /// The progress of a recovery.
    package struct Progress: Sendable, Equatable {
        package var filesDone: Int
        package var filesTotal: Int
        /// Events in the files that are done.
        package var events: Int
        /// The path of the current file.
        package var path: String
    }

    let fileSystem: any FileSystem
    let folders: DurableFolders
    let manifest: ManifestLog
    let node: String
    let run: String
    let now: @Sendable () -> Int64
    let shouldStop: @Sendable () -> Bool
    private let waitForRoom: @Sendable (FileSystemError) -> Bool

    /// - `node`: for the entries of files without events.
    /// - `run`: likewise.
    /// - `now`: microseconds since 1970.
    /// - `shouldStop`: called between files.
    /// - `waitForRoom`: called with the error when the disk is full; returns true after waiting, to
    ///   try the file again.
    package init(
        fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        node: String,
        run: String,
        now: @escaping @Sendable () -> Int64,
        shouldStop: @escaping @Sendable () -> Bool = { false },
        waitForRoom: @escaping @Sendable (FileSystemError) -> Bool = { _ in false }
    ) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.manifest = manifest
        self.node = node
        self.run = run
        self.now = now
        self.shouldStop = shouldStop
        self.waitForRoom = waitForRoom
    }

    /// Recovers the whole folder.
    ///
    /// Throws only if folders cannot be listed, or manifests not be read or written; the results of
    /// single files are in the report. To be called from a thread of its own.
    ///
    /// - `given`: taken before this run opened anything; nil to look now, when nothing else is at
    ///   work.
    /// - `history`: of the same moment.
    /// - `scans`: of open segments that were scanned before, by path; these are not scanned again,
    ///   and settled only if they still read the same.
    /// - `onFile`: receives the result of each file when it is done.
    package func run(
        _ given: Leftovers? = nil,
        history: ManifestHistory = ManifestHistory(),
        scans: [PathKey: OpenSegmentScan] = [:],
        progress: (Progress) -> Void = { _ in },
        onFile: (RecoveryReport.File) -> Void = { _ in }
    ) throws(FileSystemError) -> RecoveryReport {
        let leftovers: Leftovers
        if let given { leftovers = given } else { leftovers = try Leftovers(fileSystem) }
        var round = Round(scans: scans)
        round.done.filesTotal = leftovers.open.count
        for path in leftovers.open {
            round.done.path = path
            progress(round.done)
            if shouldStop() {
                round.report.isStopped = true
                break
            }
            begin(path, in: &round, onFile: onFile)
            if round.jobs.count >= Self.filesAtOnce || round.bytes >= Self.bytesAtOnce {
                finish(&round, onFile)
            }
        }
        finish(&round, onFile)
        round.done.path = ""
        progress(round.done)
        if !round.report.isStopped {
            try reconcile(leftovers, history: history, report: &round.report)
        }
        return round.report
    }

    /// The files in progress, and the results of those before.
    private struct Round {
        let scans: [PathKey: OpenSegmentScan]
        var jobs: [Job] = []
        /// Bytes of the copies.
        var bytes = 0
        /// The same for all files, so that their lines are in one day's manifest.
        var sealedAt: Int64 = 0
        var done = Progress(filesDone: 0, filesTotal: 0, events: 0, path: "")
        var report = RecoveryReport()

        init(scans: [PathKey: OpenSegmentScan]) { self.scans = scans }
    }

    private func finish(_ round: inout Round, _ onFile: (RecoveryReport.File) -> Void) {
        for file in finish(round.jobs) { note(file, in: &round, onFile: onFile) }
        round.jobs = []
        round.bytes = 0
    }

    private func note(
        _ file: RecoveryReport.File,
        in round: inout Round,
        onFile: (RecoveryReport.File) -> Void
    ) {
        round.report.files.append(file)
        round.done.events += file.events
        round.done.filesDone += 1
        onFile(file)
    }

    private func scan(_ path: String, _ round: Round) throws(FileSystemError) -> OpenSegmentScan {
        guard let scan = round.scans[PathKey(path)] else {
            return try OpenSegmentScan.scan(path, in: fileSystem)
        }
        // An earlier attempt may have settled it.
        guard fileSystem.exists(path) else { throw FileSystemError(.open, path, code: ENOENT) }
        return scan
    }

    /// Settles one open segment, or leaves a copy of it that waits for a sync.
    private func begin(
        _ path: String,
        in round: inout Round,
        onFile: (RecoveryReport.File) -> Void
    ) {
        guard let sealed = Layout.sealedPath(forOpen: path) else { return }
        while true {
            do throws(FileSystemError) {
                let scan = try scan(path, round)
                if fileSystem.exists(sealed) {
                    return note(
                        try settleAgain(path, sealed: sealed, scan),
                        in: &round,
                        onFile: onFile
                    )
                }
                if scan.kept == nil {
                    return note(
                        try settleEmpty(path, sealed: sealed, scan),
                        in: &round,
                        onFile: onFile
                    )
                }
                if round.jobs.isEmpty { round.sealedAt = now() }
                round.jobs.append(try copy(path, as: sealed, scan, sealedAt: round.sealedAt))
                round.bytes += scan.keptBytes
                return
            } catch {
                if error.isMissing && !fileSystem.exists(path) {
                    round.done.filesDone += 1
                    return
                }
                // Files in progress hold twice their space, and descriptors.
                if error.isFull, !round.jobs.isEmpty {
                    finish(&round, onFile)
                    continue
                }
                if error.isFull && waitForRoom(error) { continue }
                return note(RecoveryReport.File(failed: path, error), in: &round, onFile: onFile)
            }
        }
    }

    /// Removes an open segment of which nothing can be kept.
    private func settleEmpty(
        _ path: String,
        sealed: String,
        _ scan: OpenSegmentScan
    ) throws(FileSystemError) -> RecoveryReport.File {
        var file = RecoveryReport.File(path, .removed, scan: scan)
        if scan.verdict == .damaged {
            file.outcome = .damaged(keptAside: try setAside(path, sealed: sealed))
        } else {
            try fileSystem.remove(path)
        }
        return file
    }
}
