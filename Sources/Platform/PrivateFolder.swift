import Glibc

/// A folder beside a socket's path that nobody else may enter, for a socket in preparation.
///
/// All calls use the folder's descriptor: a user with write access to the parent folder can move or
/// replace it, and gains nothing by that.
struct PrivateFolder {
    /// The socket's name in it.
    static let name = "s"

    let descriptor: Int32
    private let path: String

    /// Creates it in the folder of `socket`.
    init(beside socket: String) throws(UnixListener.Failure) {
        var template = Array((Self.parent(of: socket) + "/.c-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw UnixListener.Failure(errno, while: "making a folder beside it")
        }
        let bytes = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        path = String(decoding: bytes, as: UTF8.self)
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            _ = rmdir(path)
            throw UnixListener.Failure(code, while: "opening \(path)")
        }
        var found = stat()
        guard fstat(descriptor, &found) == 0, found.st_uid == geteuid(), found.st_mode & 0o077 == 0
        else {
            close(descriptor)
            throw UnixListener.Failure(
                EPERM,
                while: "making a folder beside it that is the process's own"
            )
        }
    }

    /// Binds a socket to its name in the folder; returns 0, or an errno.
    func bind(_ socket: Int32) -> Int32 {
        // By its descriptor, so that it is this folder even if its path is replaced, and a long
        // path fits. Without /proc its path is used.
        let paths = ["/proc/self/fd/\(descriptor)", path].map { "\($0)/\(Self.name)" }
        var code = EINVAL
        for address in paths.compactMap({ UnixAddress(path: $0) }) {
            code = address.bind(socket)
            if code != ENOENT, code != EACCES { return code }
        }
        return code
    }

    /// Moves the socket to `target`, replacing nothing; returns 0, or an errno.
    func move(to target: String) -> Int32 {
        let moved = FileCalls.renameWithoutReplacing(
            Self.name,
            in: descriptor,
            to: target,
            in: AT_FDCWD
        )
        guard moved == -EINVAL || moved == -ENOSYS else { return -moved }
        // The file system cannot do that in one step; a link replaces nothing either.
        guard linkat(descriptor, Self.name, AT_FDCWD, target, 0) == 0 else { return errno }
        return 0
    }

    /// Removes the folder, and the socket if it was not moved.
    func remove() {
        _ = unlinkat(descriptor, Self.name, 0)
        close(descriptor)
        _ = rmdir(path)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "" : String(path[..<slash])
    }
}
