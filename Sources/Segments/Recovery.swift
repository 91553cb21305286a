/// Brings a data folder in order after a crash: open segments are sealed with everything that was
/// committed, and every sealed file gets its manifest line.
///
/// New intake may already run beside it.
///
/// Each step leaves a state from which running again ends in the same result:
///
///     .part.open ── cut to the last commit ── ending written ── synced ── renamed ── folder synced
///                                                                          └─ manifest line
///
/// A file that is whole but not renamed is renamed; one that is renamed but has no manifest line
/// gets it by being read. Damage is different: the readable part goes to a copy, the copy becomes
/// the sealed file, and only then is the original renamed to `.part.damaged`. If the sealed name is
/// taken, that was done before the crash.
package struct Recovery {
    /// Ends the name of a copy that is still being written.
    package static let copySuffix = Layout.copySuffix

    /// How far it is.
    package struct Progress: Sendable, Equatable {
        package var filesDone: Int
        package var filesTotal: Int
        /// Of files in work now.
        package var path: String
    }

    let fileSystem: any FileSystem
    let folders: DurableFolders
    let manifest: ManifestLog
    let node: String
    let run: String
    let now: @Sendable () -> Int64
    let isInUse: @Sendable (String) -> Bool
    let shouldStop: @Sendable () -> Bool

    /// - `node`: of entries for files without events.
    /// - `run`: likewise.
    /// - `now`: microseconds since 1970.
    /// - `isInUse`: whether a path, open or sealed, belongs to this run: those are left alone.
    /// - `shouldStop`: asked between files.
    package init(
        fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        node: String,
        run: String,
        now: @escaping @Sendable () -> Int64,
        isInUse: @escaping @Sendable (String) -> Bool = { _ in false },
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.manifest = manifest
        self.node = node
        self.run = run
        self.now = now
        self.isInUse = isInUse
        self.shouldStop = shouldStop
    }

    /// The open segments of a data folder.
    ///
    /// Taken before anything is opened in this run, these are exactly those that a run before left
    /// behind, whatever the clock says.
    package static func openSegments(
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> [String] {
        var paths: [String] = []
        try SegmentTree.walk(fileSystem) { (path, kind) throws(FileSystemError) in
            if kind == .open { paths.append(path) }
        }
        return paths
    }

    /// Recovers everything.
    ///
    /// Throws only when folders cannot be listed or manifests not be read or written; what one file
    /// does is in the report. To be called from a thread of its own.
    ///
    /// `open`: what ``openSegments(_:)`` gave; nil to look now.
    package func run(
        _ open: [String]? = nil,
        progress: (Progress) -> Void = { _ in }
    ) throws(FileSystemError) -> RecoveryReport {
        var report = RecoveryReport()
        let isGiven = open != nil
        var open = open ?? []
        if !isGiven { open = try Self.openSegments(fileSystem) }
        open.removeAll(where: isInUse)
        for (index, path) in open.enumerated() {
            progress(Progress(filesDone: index, filesTotal: open.count, path: path))
            if shouldStop() {
                report.isStopped = true
                return report
            }
            if let file = recover(path) { report.files.append(file) }
        }
        progress(Progress(filesDone: open.count, filesTotal: open.count, path: ""))
        try reconcile(&report)
        return report
    }

    /// Recovers one open segment; nil when it has vanished.
    private func recover(_ path: String) -> RecoveryReport.File? {
        guard let sealed = Layout.sealedPath(forOpen: path) else { return nil }
        do throws(FileSystemError) {
            if fileSystem.exists(sealed) {
                return try setAside(path, sealed: sealed, scan: nil)
            }
            let scan = try OpenSegmentScan.scan(path, in: fileSystem)
            return try settle(path, sealed: sealed, scan)
        } catch {
            if error.isMissing && !fileSystem.exists(path) { return nil }
            return RecoveryReport.File(
                path: path,
                outcome: .failed("\(error)"),
                events: 0,
                fileBytes: 0,
                keptBytes: 0,
                reason: "\(error)"
            )
        }
    }

    private func settle(
        _ path: String,
        sealed: String,
        _ scan: OpenSegmentScan
    ) throws(FileSystemError) -> RecoveryReport.File {
        var file = RecoveryReport.File(
            path: path,
            outcome: .removed,
            events: scan.events,
            fileBytes: scan.fileBytes,
            keptBytes: 0,
            reason: scan.reason
        )
        switch scan.verdict {
        case .empty:
            try fileSystem.remove(path)
            try fileSystem.syncFolder(Layout.split(path).folder)
        case .finished(let bytes):
            try finish(path, at: bytes, ending: nil)
            try seal(path, as: sealed)
            (file.outcome, file.keptBytes) = (.finished, bytes)
        case .torn:
            guard let keep = scan.keep else { preconditionFailure("torn, but no flush point") }
            try finish(path, at: keep.compressedOffset, ending: keep)
            try seal(path, as: sealed)
            (file.outcome, file.keptBytes) = (.cut, keep.compressedOffset)
        case .damaged:
            return try setAside(path, sealed: sealed, scan: scan)
        }
        return file
    }
}
