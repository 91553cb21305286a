import CPlatform
import Glibc
import Segments

/// Holds a data folder for one daemon: a flock(2) on `.lock`, which the system takes back whatever
/// happens to the process.
///
/// The file names the holder's process for those who are refused.
final class DataFolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: exit code 73, naming the process that holds the folder.
    init(directory: String) throws(DaemonFailure) {
        let path = "\(directory)/\(Layout.lock)"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else {
            let code = errno
            throw .cannotCreate(
                "cannot lock the data folder: open \(path): \(String(cString: strerror(code)))"
                    + (code == EROFS ? Self.advice(directory) : "")
            )
        }
        guard cplatform_lock_exclusive(descriptor) == 0 else {
            let holder = Self.holder(descriptor)
            close(descriptor)
            throw .cannotCreate(
                "the data folder \(directory) is in use by another touchpointd\(holder);"
                    + " stop it, or give this one another storage.directory"
            )
        }
        _ = ftruncate(descriptor, 0)
        let line = "\(getpid())\n"
        _ = line.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit {
        close(descriptor)
    }

    /// What makes a folder read-only for a daemon, and for nobody else.
    static func advice(_ directory: String) -> String {
        "; under systemd the unit needs ReadWritePaths=\(directory) (and RequiresMountsFor=\(directory))"
    }

    private static func holder(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        let digits = text.prefix { $0.isNumber }
        return digits.isEmpty ? "" : " (process \(digits))"
    }
}
