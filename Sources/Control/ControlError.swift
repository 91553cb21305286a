/// A request that was refused or failed, as the client reads it in `{"error":{"code","message"}}`.
package struct ControlError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// For programs: a short snake_case word, such as `bad_argument` or `no_such_source`.
    package let code: String
    /// For people: the problem and the remedy.
    package let message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) (\(code))" }
}

extension ControlError {
    /// The verb is unknown.
    package static let unknownVerbCode = "unknown_verb"
    /// An argument is missing, surplus or of the wrong kind.
    package static let badArgumentCode = "bad_argument"
    /// The line itself cannot be read: not text, or too long.
    package static let badRequestCode = "bad_request"
    /// The daemon cannot do it now: its storage is blocked, or it is too busy to answer in time.
    package static let unavailableCode = "unavailable"
    /// A changing verb from a user who may only read.
    package static let permissionDeniedCode = "permission_denied"
    /// The server has the maximum of connections.
    package static let tooManyConnectionsCode = "too_many_connections"
    /// The daemon failed to execute the request.
    package static let internalCode = "internal"

    package static func badArgument(_ message: String) -> ControlError {
        ControlError(code: badArgumentCode, message: message)
    }

    /// Converts an error of a handler into an answer.
    static func from(_ error: any Error) -> ControlError {
        error as? ControlError
            ?? ControlError(code: internalCode, message: String(describing: error))
    }
}

/// The form of an error on its line.
struct ErrorAnswer: Codable {
    let error: ControlError
}
