import FoundationEssentials

/// Where the control socket is looked for.
package enum SocketLocation {
    /// The variable that names the socket.
    package static let variable = "TOUCHPOINT_SOCKET"

    /// Where a daemon without configuration, and one installed as a service, put it.
    package static let standardPaths = [
        "./touchpoint-data/control.sock", "/run/touchpoint/control.sock",
    ]

    /// What was given on the command line; else what the environment names; else the first standard
    /// path that exists; else the first of them, so that an error can name it.
    ///
    /// A socket that was named is used even if it is not there: reaching another daemon instead
    /// would be worse than an error.
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
