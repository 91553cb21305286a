/// Why the daemon could not start or continue: the text to print, and the exit code of sysexits.h.
package struct DaemonFailure: Error, CustomStringConvertible, Sendable {
    package let exitCode: Int32
    package let description: String

    /// 73: a folder, endpoint or socket is in use or cannot be created.
    static func cannotCreate(_ description: String) -> DaemonFailure {
        DaemonFailure(exitCode: 73, description: description)
    }
}
