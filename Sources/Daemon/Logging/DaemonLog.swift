import Logging

/// The daemon's log and the level it is written from.
struct DaemonLog: Sendable {
    let logger: Logger
    let level: SharedLogLevel
}
