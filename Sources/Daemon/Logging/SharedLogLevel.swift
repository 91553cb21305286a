package import Configuration
package import Logging
import Synchronization

/// The least severe level that is written, shared by all loggers of the daemon.
///
/// Control (`log-level`) and reload set it; every log call reads it, on any thread.
package final class SharedLogLevel: Sendable {
    private let position: Atomic<Int>

    /// Starts at `level`.
    package init(_ level: Settings.Log.Level) {
        position = Atomic(SharedLogLevel.position(of: level))
    }

    /// The least severe level that is written now.
    ///
    /// A new value applies to later log calls on every thread.
    package var level: Settings.Log.Level {
        get { Settings.Log.Level.allCases[position.load(ordering: .relaxed)] }
        set { position.store(SharedLogLevel.position(of: newValue), ordering: .relaxed) }
    }

    private static func position(of level: Settings.Log.Level) -> Int {
        Settings.Log.Level.allCases.firstIndex(of: level) ?? 0
    }
}

extension Settings.Log.Level {
    /// The level in swift-log's terms.
    package var loggerLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }

    /// Converts a level of swift-log to one of the configuration's five.
    init(_ level: Logger.Level) {
        switch level {
        case .trace, .debug: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error, .critical: self = .error
        }
    }

    /// The severity of syslog(3), which journald reads from `<N>` at the start of a line.
    var syslogPriority: Int {
        switch self {
        case .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        }
    }
}
