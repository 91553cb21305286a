/// A verb of the control socket: its request, its effect, and who may send it.
///
/// Each is a row of ``VerbTable``.
package struct Verb: Sendable, Equatable {
    package let name: String
    package let argument: VerbArgument
    /// Its effect, for `help`.
    package let summary: String
    /// Whether the verb changes something, so that not every user may send it.
    package let changes: Bool
    /// How long a client waits for the answer; nil: as long as the daemon takes.
    package let patience: Duration?

    /// How a request is written.
    package var usage: String { name + argument.usage }
}

/// The argument of a verb in a request.
package enum VerbArgument: Sendable, Equatable {
    case none
    /// One word, or nothing.
    case optional(String)
    /// One word; an error about its absence shows the example.
    case required(String, example: String)
    /// Nothing, or `follow` and an interval: an answer every interval.
    case follow

    fileprivate var usage: String {
        switch self {
        case .none: ""
        case .optional(let name): " [\(name)]"
        case .required(let name, _): " \(name.uppercased())"
        case .follow: " [follow [interval]]"
        }
    }
}

/// A verb together with the type of its answer.
package struct TypedVerb<Answer: Codable & Sendable>: Sendable {
    package let verb: Verb

    package var name: String { verb.name }

    /// Creates a verb for every user who can open the socket.
    static func reading(
        _ name: String,
        argument: VerbArgument = .none,
        summary: String
    ) -> TypedVerb {
        TypedVerb(
            verb: Verb(
                name: name,
                argument: argument,
                summary: summary,
                changes: false,
                patience: .seconds(10)
            )
        )
    }

    /// Creates a verb that changes something.
    static func changing(
        _ name: String,
        argument: VerbArgument = .none,
        patience: Duration? = nil,
        summary: String
    ) -> TypedVerb {
        TypedVerb(
            verb: Verb(
                name: name,
                argument: argument,
                summary: summary,
                changes: true,
                patience: patience
            )
        )
    }
}
