import Glibc
import Platform

/// A folder beside a socket's path that nobody else may enter, for a socket that is being made.
///
/// All is done by the folder's descriptor: whoever may write to the folder around it can move or
/// replace it, and gains nothing by that.
struct PrivateFolder {
    /// The socket's name in it.
    static let name = "s"

    let fd: Int32
    private let path: String

    /// Makes it in the folder of `socket`.
    init(beside socket: String) throws(ControlServerError) {
        var template = Array((Self.parent(of: socket) + "/.c-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .system(errno, "making a folder beside it", path: socket)
        }
        let bytes = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        path = String(decoding: bytes, as: UTF8.self)
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard fd >= 0 else {
            let code = errno
            _ = rmdir(path)
            throw .system(code, "opening \(path)", path: socket)
        }
        var found = stat()
        guard fstat(fd, &found) == 0, found.st_uid == geteuid(), found.st_mode & 0o077 == 0 else {
            close(fd)
            throw .system(EPERM, "making a folder beside it that is the daemon's own", path: socket)
        }
    }

    /// Binds a socket to its name in the folder; 0, or an errno.
    func bind(_ socket: Int32) -> Int32 {
        // By its descriptor, so that it is this folder whatever its path leads to meanwhile, and a
        // long path fits. Without /proc its path has to do.
        let paths = ["/proc/self/fd/\(fd)", path].map { "\($0)/\(Self.name)" }
        var code = EINVAL
        for address in paths.compactMap({ UnixAddress(path: $0) }) {
            code = address.bind(socket)
            if code != ENOENT, code != EACCES { return code }
        }
        return code
    }

    /// Moves the socket to `target`, replacing nothing; 0, or an errno.
    func move(to target: String) -> Int32 {
        let moved = FileCalls.renameWithoutReplacing(Self.name, in: fd, to: target, in: AT_FDCWD)
        guard moved == -EINVAL || moved == -ENOSYS else { return -moved }
        // A file system that cannot do that in one step; a link replaces nothing either.
        guard linkat(fd, Self.name, AT_FDCWD, target, 0) == 0 else { return errno }
        return 0
    }

    /// Takes away the folder, and what was not moved.
    func remove() {
        _ = unlinkat(fd, Self.name, 0)
        close(fd)
        _ = rmdir(path)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "" : String(path[..<slash])
    }
}
