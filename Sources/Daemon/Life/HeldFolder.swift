import Archive
import Configuration
import Disk
import Events
import Logging
import Platform
import Recovery
import Storage

/// The data folder, locked for this run.
struct HeldFolder: Sendable {
    let fileSystem: PosixFileSystem
    let folders: DurableFolders
    let manifest: ManifestLog
    /// Held as long as this value exists.
    private let lock: DataFolderLock

    /// Creates the folder if it does not exist, and locks it.
    ///
    /// - Throws: exit code 73, when it cannot be created or another daemon holds it.
    static func open(_ settings: Settings) throws(DaemonFailure) -> HeldFolder {
        let fileSystem: PosixFileSystem
        do {
            fileSystem = try PosixFileSystem(directory: settings.storage.directory)
        } catch {
            throw .cannotCreate("cannot open the data folder: \(error)")
        }
        FileRights.follow(folder: settings.storage.directory)
        let lock = try DataFolderLock(directory: settings.storage.directory)
        let folders = DurableFolders(fileSystem: fileSystem)
        return HeldFolder(
            fileSystem: fileSystem,
            folders: folders,
            manifest: ManifestLog(fileSystem: fileSystem, folders: folders, node: settings.node),
            lock: lock
        )
    }

    /// The folder's key; if it can be neither read nor created, one for this run only, so that
    /// events are taken in nevertheless.
    func contentHash(_ logger: Logger) -> ContentHash {
        do {
            return try ContentKey.load(in: fileSystem)
        } catch {
            logger.warning(
                "the key of dedup/ can be neither read nor made: the next start reads segments",
                metadata: ["error": "\(error)"]
            )
            return .random
        }
    }

    /// Ends torn manifest lines and lists what earlier runs left, before this run opens any file.
    func prepare(
        _ settings: Settings,
        at startedAt: Int64
    ) throws(DaemonFailure) -> (ManifestHistory, Leftovers) {
        do {
            try RenameCheck.run(fileSystem)
        } catch {
            throw .cannotCreate(
                "the file system of \(settings.storage.directory) can neither rename a file without"
                    + " replacing another nor make hard links (\(error)): give another storage.directory"
            )
        }
        do {
            _ = try FolderRecovery.mendManifests(fileSystem)
            let window = settings.dedup.window.components.seconds
            let isOn = settings.sources.contains { $0.dedup == .on }
            let history = try ManifestHistory(
                fileSystem,
                node: settings.node,
                startedAt: startedAt,
                since: isOn ? Timestamp.date(startedAt - window * 1_000_000) : nil
            )
            return (history, try Leftovers(fileSystem, since: history.firstDay))
        } catch {
            throw DaemonFailure(
                exitCode: 74,
                description: "cannot read the data folder: \(error)"
            )
        }
    }
}
