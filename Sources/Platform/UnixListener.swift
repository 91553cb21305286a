import Glibc

/// A listening Unix socket with its file, opened so that no other process's socket is ever removed.
///
/// It is bound and its mode and group are set in a folder that only this process's user may enter.
/// Then it is moved to its path, where it is complete from the first moment on.
///
/// A file left by a process that died is removed, but only if it is a socket that refuses
/// connections. A lock file beside it, held only meanwhile, keeps two processes that start at the
/// same moment from removing each other's socket.
package struct UnixListener: Sendable {
    /// Why the socket cannot be opened.
    package struct Failure: Error, Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// The path does not fit into a socket address.
            case pathTooLong
            /// Another process listens on the path, or is just opening it.
            case inUse
            /// The file at the path is not a socket; it is left unchanged.
            case notASocket
            /// A system call failed with this errno.
            case system(Int32)
        }

        package let kind: Kind
        /// The cause, as part of a sentence.
        package let reason: String

        init(_ kind: Kind, _ reason: String) {
            self.kind = kind
            self.reason = reason
        }

        /// Of a system call that failed while `doing` something.
        init(_ code: Int32, while doing: String) {
            self.init(.system(code), "\(doing): \(SystemError(code: code))")
        }
    }

    /// Non-blocking, close-on-exec.
    package let descriptor: Int32
    package let path: String
    /// The group of the socket file.
    package let groupID: UInt32
    private let identity: FileIdentity

    /// Who holds the lock file meanwhile.
    package enum LockHolder: Sendable {
        /// The caller, for as long as it has the socket.
        case callers
        case own
    }

    /// Binds, sets the mode and listens; the folder must exist.
    ///
    /// `group`: of the file; nil leaves the process's own. `backlog`: connections that may wait to be
    /// accepted.
    package static func open(
        path: String,
        mode: UInt32,
        group: UInt32? = nil,
        lock holder: LockHolder = .own,
        backlog: Int32 = 128
    ) throws(Failure) -> UnixListener {
        guard let address = UnixAddress(path: path) else {
            throw Failure(
                .pathTooLong,
                "the path must be 1 to \(UnixAddress.pathBytesMax) bytes long,"
                    + " it is \(path.utf8.count)"
            )
        }
        if case .own = holder {
            let lock = try startLock(path)
            defer { lock.removeFile() }
            try removeStale(path, address)
            return try listen(path, mode: mode, group: group, backlog: backlog)
        }
        try removeStale(path, address)
        return try listen(path, mode: mode, group: group, backlog: backlog)
    }

    /// Whether the file at the path is still this socket's.
    package var hasItsFile: Bool { FileIdentity(path: path) == identity }

    /// Removes the socket's file, unless another file has replaced it.
    package func unlinkFile() {
        guard hasItsFile else { return }
        _ = unlink(path)
    }

    /// The lock file `PATH.lock`, held while a stale socket is looked for and the new one is bound.
    private static func startLock(_ path: String) throws(Failure) -> FileLock {
        let lockPath = path + ".lock"
        do throws(FileLock.Failure) {
            return try FileLock(path: lockPath)
        } catch {
            switch error {
            case .open(let cause): throw Failure(cause.code, while: "creating \(lockPath)")
            case .lock(let cause): throw Failure(cause.code, while: "locking \(lockPath)")
            case .isHeld: throw Failure(.inUse, "another process is just opening it")
            }
        }
    }

    private static func removeStale(_ path: String, _ address: UnixAddress) throws(Failure) {
        var found = stat()
        guard lstat(path, &found) == 0 else {
            if errno == ENOENT { return }
            throw Failure(errno, while: "looking at what is there")
        }
        guard found.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure(.notASocket, "something that is not a socket is there already")
        }
        let probe = try newSocket()
        defer { close(probe) }
        switch address.connect(probe) {
        case ECONNREFUSED:
            guard unlink(path) == 0 || errno == ENOENT else {
                throw Failure(errno, while: "removing the socket of a process that is gone")
            }
        case ENOENT: break
        case 0, EAGAIN: throw Failure(.inUse, "another process answers on it")
        case let code: throw Failure(code, while: "asking whether somebody answers on it")
        }
    }

    private static func listen(
        _ path: String,
        mode: UInt32,
        group: UInt32?,
        backlog: Int32
    ) throws(Failure) -> UnixListener {
        let descriptor = try newSocket()
        var isOpen = false
        defer { if !isOpen { close(descriptor) } }
        let folder = try PrivateFolder(beside: path)
        defer { folder.remove() }
        let bound = folder.bind(descriptor)
        guard bound == 0 else { throw Failure(bound, while: "binding") }
        var file = stat()
        // No other process can replace it before it is moved.
        if let group, fchownat(folder.descriptor, PrivateFolder.name, .max, group, 0) != 0 {
            throw Failure(errno, while: "setting its group")
        }
        guard fchmodat(folder.descriptor, PrivateFolder.name, mode, 0) == 0,
            fstatat(folder.descriptor, PrivateFolder.name, &file, AT_SYMLINK_NOFOLLOW) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else { throw Failure(errno, while: "listening") }
        let moved = folder.move(to: path)
        guard moved == 0 else { throw Failure(moved, while: "giving it its name") }
        isOpen = true
        return UnixListener(
            descriptor: descriptor,
            path: path,
            groupID: file.st_gid,
            identity: FileIdentity(file)
        )
    }

    private static func newSocket() throws(Failure) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(errno, while: "making a socket") }
        return descriptor
    }
}
