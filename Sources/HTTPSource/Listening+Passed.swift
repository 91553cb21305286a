import Intake
import Platform

/// Sockets that the service manager has opened.
extension Listening {
    static let passedPrefix = "systemd:"

    /// Takes all sockets with a name.
    mutating func take(
        _ name: String,
        of passed: [String: [Int32]],
        _ scheme: String
    ) throws(IntakeError) {
        guard let found = passed[name] else {
            let others = passed.keys.sorted().joined(separator: ", ")
            throw IntakeError(
                "systemd passed no socket named \(name), only: \(others.isEmpty ? "none" : others);"
                    + " its unit needs FileDescriptorName=\(name), and the service Sockets="
            )
        }
        for descriptor in found {
            guard StreamSocket.isListening(descriptor) else {
                throw IntakeError(
                    "the socket named \(name) takes no connections; its unit needs ListenStream=,"
                        + " and Accept=no"
                )
            }
            StreamSocket.closeOnExec(descriptor)
            add(descriptor, scheme)
        }
    }
}
