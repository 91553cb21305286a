/// Brings a data folder in order after a crash: open segments are sealed with everything that was
/// committed, and every sealed file gets its manifest line.
///
/// New intake may already run beside it. Memory: some hundred bytes an open segment, 16 bytes a
/// manifest line, and what reading one file takes. Two descriptors at a time, and those of a folder.
///
/// Each step leaves a state from which running again ends in the same result:
///
///     .part.open ── what is kept copied to .part.open.recovering, synced, read back
///                ── copy renamed to its sealed name, folder synced
///                ── manifest line, synced
///                ── .part.open removed
///
/// An open segment is never written to and goes last. One that stands beside its sealed file is
/// compared with it: the same content means that only the removal was missing. Damage is different:
/// the readable part is sealed in the same way, and the original is then renamed to `.part.damaged`.
/// Sealed files without a manifest line get it by being read.
package struct Recovery {
    /// Ends the name of a copy that is still being written.
    package static let copySuffix = ".recovering"

    /// How far it is.
    package struct Progress: Sendable, Equatable {
        package var filesDone: Int
        package var filesTotal: Int
        /// Events in the files that are done.
        package var events: Int
        /// Of the file in work now.
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
    private let waitForRoom: @Sendable (FileSystemError) -> Bool

    /// - `node`: of entries for files without events.
    /// - `run`: likewise.
    /// - `now`: microseconds since 1970.
    /// - `isInUse`: whether a path, open or sealed, belongs to this run: those are left alone.
    /// - `shouldStop`: asked between files.
    /// - `waitForRoom`: called when the disk is full, with what failed; true: room was waited for, try
    ///   the file again.
    package init(
        fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        node: String,
        run: String,
        now: @escaping @Sendable () -> Int64,
        isInUse: @escaping @Sendable (String) -> Bool = { _ in false },
        shouldStop: @escaping @Sendable () -> Bool = { false },
        waitForRoom: @escaping @Sendable (FileSystemError) -> Bool = { _ in false }
    ) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.manifest = manifest
        self.node = node
        self.run = run
        self.now = now
        self.isInUse = isInUse
        self.shouldStop = shouldStop
        self.waitForRoom = waitForRoom
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
    /// - `open`: what ``openSegments(_:)`` gave, all of which is then recovered; nil to look now, and
    ///   to leave alone what is in use.
    /// - `onFile`: is told what became of each, when it is done.
    package func run(
        _ open: [String]? = nil,
        progress: (Progress) -> Void = { _ in },
        onFile: (RecoveryReport.File) -> Void = { _ in }
    ) throws(FileSystemError) -> RecoveryReport {
        var report = RecoveryReport()
        var paths = open ?? []
        if open == nil { paths = try Self.openSegments(fileSystem).filter { !isInUse($0) } }
        var done = Progress(filesDone: 0, filesTotal: paths.count, events: 0, path: "")
        for path in paths {
            done.path = path
            progress(done)
            if shouldStop() {
                report.isStopped = true
                return report
            }
            if let file = recover(path) {
                report.files.append(file)
                done.events += file.events
                onFile(file)
            }
            done.filesDone += 1
        }
        done.path = ""
        progress(done)
        try reconcile(&report)
        return report
    }

    /// Recovers one open segment; nil when it has vanished.
    private func recover(_ path: String) -> RecoveryReport.File? {
        guard let sealed = Layout.sealedPath(forOpen: path) else { return nil }
        while true {
            do throws(FileSystemError) {
                let scan = try OpenSegmentScan.scan(path, in: fileSystem)
                return fileSystem.exists(sealed)
                    ? try settleAgain(path, sealed: sealed, scan)
                    : try settle(path, sealed: sealed, scan)
            } catch {
                if error.isMissing && !fileSystem.exists(path) { return nil }
                if error.isFull && waitForRoom(error) { continue }
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
    }

    private func settle(
        _ path: String,
        sealed: String,
        _ scan: OpenSegmentScan
    ) throws(FileSystemError) -> RecoveryReport.File {
        var file = RecoveryReport.File(path, .removed, scan)
        if scan.kept != nil {
            let part = Part(bytes: scan.keptBytes, ending: scan.ending)
            try seal(part, of: path, as: sealed, scan)
            file.keptBytes = part.bytes
        }
        switch scan.verdict {
        case .damaged: file.outcome = .damaged(keptAside: try setAside(path, sealed: sealed))
        case .empty: try fileSystem.remove(path)
        case .finished, .torn:
            try fileSystem.remove(path)
            file.outcome = scan.ending == nil ? .finished : .cut
        }
        return file
    }
}
