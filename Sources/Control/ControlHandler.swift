/// The daemon's actions for each verb; the daemon sets them.
///
/// The action of a verb is called from tasks of the control server, several at a time, in any order
/// between connections. It may take any time: only its own connection waits. It throws
/// `ControlError` for errors of the client; any other error is answered as `internal`.
package struct ControlHandler: Sendable {
    private var work: [String: @Sendable (String?) async throws -> any Encodable & Sendable] = [:]

    /// Answers `ping` and `help`, which need nothing from the daemon.
    package init() {
        on(VerbTable.ping) { _ in PingAnswer() }
        on(VerbTable.help) { _ in HelpAnswer() }
    }

    /// Sets the action for `verb`; its argument is nil if the request has none.
    package mutating func on<Answer>(
        _ verb: TypedVerb<Answer>,
        do work: @escaping @Sendable (_ argument: String?) async throws -> Answer
    ) {
        self.work[verb.name] = work
    }

    /// Verbs without an action; their answer is an error.
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
