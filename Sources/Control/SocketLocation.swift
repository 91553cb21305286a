import FoundationEssentials

/// The rules that find the control socket.
package enum SocketLocation {
    /// The variable that names the socket.
    package static let variable = "TOUCHPOINT_SOCKET"

    /// The paths of a daemon without configuration, and of one installed as a service.
    package static let standardPaths = [
        "./touchpoint-data/control.sock", "/run/touchpoint/control.sock",
    ]

    /// Returns the path on the command line; else that in the environment; else the first standard
    /// path that exists; else the first of them, so that an error can name it.
    ///
    /// A named socket is used even if it does not exist: reaching another daemon instead would be
    /// worse than an error.
    package static func path(
        given: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) -> String {
        if let given { return given }
        if let named = environment[variable], !named.isEmpty { return named }
        return standardPaths.first(where: exists) ?? standardPaths[0]
    }
}
