import Synchronization

/// Remembers which folders' own names are on stable storage, so that each is synced once per run,
/// not once per file.
///
/// Any thread may call.
///
/// A folder that exists may have been created by a run that crashed before it synced the parent; so
/// the first use in a run syncs every parent whether or not the folder is new.
package final class DurableFolders: Sendable {
    private let fileSystem: any FileSystem
    private let known = Mutex<Set<PathKey>>([])

    package init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Forgets all folders: they may have been removed under the daemon.
    package func forget() {
        known.withLock { $0 = [] }
    }

    /// Creates `folder` and its parents where missing, and makes all their names durable.
    ///
    /// Names inside `folder` itself are not synced: that is ``FileSystem/syncFolder(_:)``.
    package func ensure(_ folder: String) throws(FileSystemError) {
        if known.withLock({ $0.contains(PathKey(folder)) }) { return }
        var path = ""
        for part in DiskPath.parts(folder) {
            let parent = path
            path = DiskPath.join(path, part)
            if known.withLock({ $0.contains(PathKey(path)) }) { continue }
            _ = try fileSystem.createFolder(path)
            try fileSystem.syncFolder(parent)
            known.withLock { _ = $0.insert(PathKey(path)) }
        }
    }
}
