/// What the control socket asks of the daemon; the daemon implements it.
///
/// Called from tasks of the control server, several at a time, in any order between connections. A
/// call may take as long as its work takes: only its own connection waits. Throw `ControlError` for
/// what the client did wrong; anything else is answered as `internal`.
package protocol ControlHandler: Sendable {
    /// How the daemon does and since when.
    func status() async throws -> StatusAnswer
    /// All counters at one moment.
    func stats() async throws -> StatsAnswer
    /// The open segments.
    func partitions() async throws -> [PartitionAnswer]
    /// Seals the open segment at `prefix`, or those below that folder (nil: all); returns when
    /// durable.
    func seal(prefix: String?) async throws -> SealAnswer
    /// Commits what was taken in until now; returns when durable.
    func flush() async throws -> FlushAnswer
    /// Stops the intake of one source, or of all.
    func pause(source: String?) async throws -> StateAnswer
    /// Starts the intake of one source, or of all, again.
    func resume(source: String?) async throws -> StateAnswer
    /// Reads the configuration again and applies what can be applied.
    func reload() async throws -> ReloadAnswer
    /// Logs from `level` on, until the next start or a reload that finds another level.
    func setLogLevel(_ level: String) async throws -> StateAnswer
    /// Begins to stop intake, write everything, seal and exit.
    func drain() async throws -> StateAnswer
}
