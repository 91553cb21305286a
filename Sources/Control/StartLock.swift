import CPlatform
import Glibc

/// The lock file `SOCKET.lock`, held while a daemon looks for a stale socket and binds its own.
struct StartLock {
    private let fd: Int32
    private let lockPath: String

    /// Takes the lock without waiting.
    init(path: String) throws(ControlServerError) {
        lockPath = path + ".lock"
        while true {
            let opened = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard opened >= 0 else { throw .system(errno, "creating \(lockPath)", path: path) }
            let locked = cplatform_lock_exclusive(opened)
            guard locked == 0 else {
                close(opened)
                guard locked == -EWOULDBLOCK else {
                    throw .system(-locked, "locking \(lockPath)", path: path)
                }
                throw ControlServerError(
                    .inUse,
                    path: path,
                    reason: "another daemon is just opening it"
                )
            }
            if Self.isFile(opened, at: lockPath) {
                fd = opened
                return
            }
            // Its last owner removed the file between our open and our lock: it guards nothing.
            close(opened)
        }
    }

    func release() {
        _ = unlink(lockPath)
        close(fd)
    }

    private static func isFile(_ fd: Int32, at path: String) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(fd, &held) == 0 && lstat(path, &named) == 0
            && held.st_dev == named.st_dev && held.st_ino == named.st_ino
    }
}
