/// The file that the settings in force came from, for reading them again.
struct SettingsOrigin: Sendable {
    /// Nil for the embedded default.
    let path: String?
    let environment: [String: String]

    /// The sockets that systemd passed along with it.
    var passed: PassedSockets { PassedSockets(environment: environment) }
}
