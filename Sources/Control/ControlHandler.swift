/// What the daemon does for each verb; the daemon fills it in.
///
/// The work of a verb is called from tasks of the control server, several at a time, in any order
/// between connections. It may take as long as it takes: only its own connection waits. It throws
/// `ControlError` for what the client did wrong; anything else is answered as `internal`.
package struct ControlHandler: Sendable {
    private var work: [String: @Sendable (String?) async throws -> any Encodable & Sendable] = [:]

    /// Answers `ping` and `help`, which ask nothing of the daemon.
    package init() {
        on(VerbTable.ping) { _ in PingAnswer() }
        on(VerbTable.help) { _ in HelpAnswer() }
    }

    /// Sets what `verb` does with its argument, which is nil where the request has none.
    package mutating func on<Answer>(
        _ verb: TypedVerb<Answer>,
        do work: @escaping @Sendable (_ argument: String?) async throws -> Answer
    ) {
        self.work[verb.name] = work
    }

    /// Verbs that nothing was set for; their answer is an error.
    package var missing: [String] { VerbTable.verbs.map(\.name).filter { work[$0] == nil } }

    func answer(_ verb: Verb, argument: String?) async throws -> any Encodable & Sendable {
        guard let work = work[verb.name] else {
            throw ControlError(
                code: ControlError.internalCode,
                message: "'\(verb.name)' has no handler"
            )
        }
        return try await work(argument)
    }
}
