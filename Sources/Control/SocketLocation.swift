import FoundationEssentials
import Glibc
package import Platform

/// The rules that find the control socket.
package enum SocketLocation {
    /// The variable that names the socket.
    package static let variable = "TOUCHPOINT_SOCKET"

    /// The paths of a daemon without configuration, and of one installed as a service.
    package static let standardPaths = [
        "./touchpoint-data/control.sock", "/run/touchpoint/control.sock",
    ]

    /// Whose socket is at a standard path.
    package enum Owner: Sendable {
        case nobody
        /// The caller's, or root's, in a folder of theirs.
        case trusted
        /// Another user's, or in a folder where another may put one.
        case other
    }

    /// Returns the path on the command line; else that in the environment; else the first standard
    /// path with a socket; else the first of them, so that an error can name it.
    ///
    /// A named socket is used even if it does not exist: reaching another daemon instead would be
    /// worse than an error. In the current folder a socket must be the caller's: in a folder of
    /// another user anybody could answer in the daemon's place.
    ///
    /// - Throws: ``ControlClientError/notOwn(path:)`` if the only socket is another's.
    package static func path(
        given: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        owner: (String) -> Owner = SocketLocation.owner
    ) throws(ControlClientError) -> String {
        if let given { return given }
        if let named = environment[variable], !named.isEmpty { return named }
        let (local, system) = (standardPaths[0], standardPaths[1])
        let found = owner(local)
        if found == .trusted { return local }
        // Its folder is root's to make.
        if owner(system) != .nobody { return system }
        if found == .other { throw .notOwn(path: local) }
        return local
    }

    /// Whether a process may answer on the socket at `path`: one of root or the caller, or of the
    /// user whose file it is, unless that is the path in the current folder.
    package static func mayAnswer(_ peer: PeerCredentials?, on path: String) -> Bool {
        guard let peer else { return false }
        if peer.uid == 0 || peer.uid == geteuid() { return true }
        var file = stat()
        return path != standardPaths[0] && stat(path, &file) == 0 && file.st_uid == peer.uid
    }

    /// Looks at a socket's file and its folder, through links.
    package static func owner(_ path: String) -> Owner {
        var file = stat()
        var folder = stat()
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard stat(path, &file) == 0, stat(parent, &folder) == 0 else { return .nobody }
        let own: Set<uid_t> = [geteuid(), 0]
        let isClosed = folder.st_mode & S_IWOTH == 0
        return own.contains(file.st_uid) && own.contains(folder.st_uid) && isClosed
            ? .trusted : .other
    }
}
