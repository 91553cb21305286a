import Glibc
import Platform

/// Why a client got no answer, or a refusal; names the path and the remedy.
package enum ControlClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The daemon cannot be reached on `path`; `code` is the errno of connect(2).
    case unreachable(path: String, code: Int32)
    /// The socket in the current folder is another user's.
    case notOwn(path: String)
    /// The process that listens on the socket is neither root's, nor the caller's, nor of the user
    /// whose file the socket is.
    case notDaemons(path: String, uid: UInt32?)
    /// The path does not fit into a socket address.
    case pathTooLong(path: String)
    /// The connection ended before the answer.
    case closed(path: String)
    /// No answer came in time.
    case timedOut(path: String, request: String)
    /// The daemon answered, with an error.
    case refused(ControlError)
    /// The answer is not as expected.
    case badAnswer(request: String, reason: String)

    package var description: String {
        switch self {
        case .unreachable(let path, let code): Self.advice(path, code)
        case .notOwn(let path):
            "\(path) is another user's, or in a folder that others may change, so it may not be the"
                + " daemon's: name it with --socket if it is"
        case .notDaemons(let path, let uid):
            "\(path) is answered by a process of "
                + (uid.map { "uid \($0)" } ?? "an unknown user")
                + ", which is neither root, you, nor the owner of the file: nothing was sent; find "
                + "out who listens there ('ss -xlp')"
        case .pathTooLong(let path):
            "cannot use \(path) as a socket: the path must be 1 to "
                + "\(UnixAddress.pathBytesMax) bytes long, it is \(path.utf8.count)"
        case .closed(let path):
            "the daemon on \(path) closed the connection before it answered: it may have stopped"
        case .timedOut(let path, let request):
            "no answer to '\(request)' on \(path) in time: the daemon may be stuck or very busy"
        case .refused(let error): error.message
        case .badAnswer(let request, let reason):
            "cannot read the answer to '\(request)': \(reason); "
                + "are touchpointctl and touchpointd of the same version?"
        }
    }

    private static func advice(_ path: String, _ code: Int32) -> String {
        switch code {
        case ENOENT:
            "no control socket at \(path): is touchpointd running? Start it, or name its socket "
                + "with --socket or TOUCHPOINT_SOCKET"
        case ECONNREFUSED:
            "nobody answers on \(path): touchpointd is not running, the file is left from a "
                + "daemon that is gone"
        case EACCES, EPERM:
            "no permission to open \(path): become root, the daemon's user, or a member of the "
                + "socket's group"
        case EAGAIN: "the daemon on \(path) does not accept connections: it is too busy or stuck"
        default: "cannot connect to \(path): \(String(cString: strerror(code)))"
        }
    }
}
