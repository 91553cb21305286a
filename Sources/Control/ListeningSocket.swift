import FoundationEssentials
import Glibc
import Platform

/// A listening Unix socket with its file, opened so that no other daemon's socket is ever removed.
///
/// It is bound and its mode is set in a folder that only this process's user may enter. Then it is
/// moved to its path, where it is complete from the first moment on.
///
/// A file left by a daemon that died is removed, but only if it is a socket that refuses
/// connections. A lock file beside it, held only meanwhile, keeps two daemons that start at the
/// same moment from removing each other's socket.
struct ListeningSocket: Sendable {
    let fd: Int32
    let path: String
    /// The group of the socket file.
    let groupID: UInt32
    private let identity: FileIdentity

    /// Creates missing parent folders, binds, sets `mode` and listens.
    static func open(path: String, mode: UInt32) throws(ControlServerError) -> ListeningSocket {
        guard let address = UnixAddress(path: path) else {
            throw ControlServerError(
                .pathTooLong,
                path: path,
                reason: "the path must be 1 to \(UnixAddress.pathBytesMax) bytes long, "
                    + "it is \(path.utf8.count); choose a shorter 'control.socket'"
            )
        }
        try createParent(of: path)
        let lock = try StartLock(path: path)
        defer { lock.release() }
        try removeStale(path, address)
        return try listen(path, mode)
    }

    /// Removes the socket's file, unless another file has replaced it.
    func unlinkFile() {
        guard FileIdentity(path: path) == identity else { return }
        _ = unlink(path)
    }

    private static func createParent(of path: String) throws(ControlServerError) {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            let cause = (error as? CocoaError)?.underlying as? POSIXError
            throw .system(
                cause?.code.rawValue ?? EIO,
                "creating the folder \(parent.path)",
                path: path
            )
        }
    }

    private static func removeStale(
        _ path: String,
        _ address: UnixAddress
    ) throws(ControlServerError) {
        var found = stat()
        guard lstat(path, &found) == 0 else {
            if errno == ENOENT { return }
            throw .system(errno, "looking at what is there", path: path)
        }
        guard found.st_mode & S_IFMT == S_IFSOCK else {
            throw ControlServerError(
                .notASocket,
                path: path,
                reason: "something that is not a socket is there already"
            )
        }
        let fd = try newSocket(path)
        defer { close(fd) }
        switch address.connect(fd) {
        case ECONNREFUSED:
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .system(errno, "removing the socket of a daemon that is gone", path: path)
            }
        case ENOENT: break
        case 0, EAGAIN:
            throw ControlServerError(
                .inUse,
                path: path,
                reason: "another daemon answers on it; stop that one, or choose another socket"
            )
        case let code: throw .system(code, "asking whether somebody answers on it", path: path)
        }
    }

    private static func listen(
        _ path: String,
        _ mode: UInt32
    ) throws(ControlServerError) -> ListeningSocket {
        let fd = try newSocket(path)
        var isOpen = false
        defer { if !isOpen { close(fd) } }
        let folder = try PrivateFolder(beside: path)
        defer { folder.remove() }
        let bound = folder.bind(fd)
        guard bound == 0 else { throw .system(bound, "binding", path: path) }
        var file = stat()
        // No other process can replace it before it is moved.
        guard fchmodat(folder.fd, PrivateFolder.name, mode, 0) == 0,
            fstatat(folder.fd, PrivateFolder.name, &file, AT_SYMLINK_NOFOLLOW) == 0,
            Glibc.listen(fd, 128) == 0
        else { throw .system(errno, "listening", path: path) }
        let moved = folder.move(to: path)
        guard moved == 0 else { throw .system(moved, "giving it its name", path: path) }
        isOpen = true
        return ListeningSocket(
            fd: fd,
            path: path,
            groupID: file.st_gid,
            identity: FileIdentity(file)
        )
    }

    private static func newSocket(_ path: String) throws(ControlServerError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let fd = socket(AF_UNIX, type | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard fd >= 0 else { throw .system(errno, "making a socket", path: path) }
        return fd
    }
}
