import Platform

/// The lock file `SOCKET.lock`, held while a daemon looks for a stale socket and binds its own.
struct StartLock: ~Copyable {
    private let lock: FileLock

    /// Takes the lock without waiting.
    init(path: String) throws(ControlServerError) {
        let lockPath = path + ".lock"
        do throws(FileLock.Failure) {
            lock = try FileLock(path: lockPath)
        } catch {
            switch error {
            case .open(let cause):
                throw .system(cause.code, "creating \(lockPath)", path: path)
            case .lock(let cause):
                throw .system(cause.code, "locking \(lockPath)", path: path)
            case .isHeld:
                throw ControlServerError(
                    .inUse,
                    path: path,
                    reason: "another daemon is just opening it"
                )
            }
        }
    }

    /// Removes the file and releases the lock.
    func release() {
        lock.removeFile()
    }
}
