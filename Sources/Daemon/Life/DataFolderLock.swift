import Archive
import Glibc
import Platform

/// Holds a data folder for one daemon: a flock(2) on `.lock`, which the system takes back whatever
/// happens to the process.
///
/// The file names the holder's process for those who are refused.
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

    /// What makes a folder read-only for a daemon, and for nobody else.
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
