import Glibc

/// Why the control socket cannot be opened.
package struct ControlServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of obstacle.
    package enum Kind: Sendable, Equatable {
        /// The path does not fit into a socket address.
        case pathTooLong
        /// Another process listens on the path, or is just opening it.
        case inUse
        /// The file at the path is not a socket; it is left unchanged.
        case notASocket
        /// The configured group does not exist on this system.
        case noSuchGroup
        /// A system call failed with this errno.
        case system(Int32)
    }

    package let kind: Kind
    package let path: String
    private let reason: String

    init(_ kind: Kind, path: String, reason: String) {
        self.kind = kind
        self.path = path
        self.reason = reason
    }

    /// Creates the error of a system call that failed while `doing` something.
    static func system(_ code: Int32, _ doing: String, path: String) -> ControlServerError {
        ControlServerError(
            .system(code),
            path: path,
            reason: "\(doing): \(String(cString: strerror(code)))"
        )
    }

    package var description: String { "cannot open the control socket \(path): \(reason)" }
}
