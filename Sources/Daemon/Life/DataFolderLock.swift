import Archive
import Glibc
import Platform

/// The lock that reserves a data folder for one daemon: a flock(2) on `.lock`, which the system
/// releases whenever the process ends.
///
/// The file contains the holder's process id, for error messages.
final class DataFolderLock: Sendable {
    private let lock: FileLock

    /// - Throws: exit code 73, naming the process that holds the folder.
    init(directory: String) throws(DaemonFailure) {
        let path = "\(directory)/\(SegmentFormat.lock)"
        do throws(FileLock.Failure) {
            lock = try FileLock(path: path, mode: 0o640)
        } catch {
            switch error {
            case .open(let cause):
                throw .cannotCreate(
                    "cannot lock the data folder: open \(path): \(cause)"
                        + (cause.code == EROFS ? Self.advice(directory) : "")
                )
            case .lock: throw Self.inUse(directory, by: nil)
            case .isHeld(let process): throw Self.inUse(directory, by: process)
            }
        }
        lock.writeProcess()
    }

    /// Advice for a folder that only the daemon cannot write: the systemd settings it needs.
    static func advice(_ directory: String) -> String {
        "; under systemd the unit needs ReadWritePaths=\(directory) (and RequiresMountsFor=\(directory))"
    }

    private static func inUse(_ directory: String, by process: Int32?) -> DaemonFailure {
        let holder = process.map { " (process \($0))" } ?? ""
        return .cannotCreate(
            "the data folder \(directory) is in use by another touchpointd\(holder);"
                + " stop it, or give this one another storage.directory"
        )
    }
}
