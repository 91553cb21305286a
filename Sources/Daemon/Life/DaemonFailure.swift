/// Why the daemon could not start or go on: what to print, and the exit code of sysexits.h.
package struct DaemonFailure: Error, CustomStringConvertible, Sendable {
    package let exitCode: Int32
    package let description: String

    /// 73: something of ours is taken or cannot be made: folder, endpoint, socket.
    static func cannotCreate(_ description: String) -> DaemonFailure {
        DaemonFailure(exitCode: 73, description: description)
    }
}
