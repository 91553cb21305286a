package import Configuration
package import Logging
import Platform

/// A swift-log handler for `LogDestination`: one line per record, as text or JSON.
///
/// It is created once at the start and shared by everything that logs. The level is the shared one
/// unless a single logger has its own.
package struct LineLogHandler: LogHandler {
    /// Metadata of every record of this logger; a call's own metadata takes precedence.
    package var metadata: Logger.Metadata = [:]
    /// Called for every record, for the metadata of the calling task.
    package var metadataProvider: Logger.MetadataProvider?

    private let level: SharedLogLevel
    private let formatter: LogLineFormatter
    private let destination: LogDestination
    private let clock: @Sendable () -> Int64
    private var ownLevel: Logger.Level?

    /// `clock` returns nanoseconds since 1970; the default is the machine's clock.
    package init(
        format: Settings.Log.Format,
        level: SharedLogLevel,
        destination: LogDestination,
        clock: @escaping @Sendable () -> Int64 = { SystemClock.wallNanoseconds }
    ) {
        self.level = level
        self.destination = destination
        self.clock = clock
        formatter =
            switch (format, destination.isJournal) {
            case (.json, _): .json
            case (.text, true): .journalText
            case (.text, false): .text
            }
    }

    /// A logger that uses this handler.
    package func logger(label: String) -> Logger {
        Logger(label: label) { _ in self }
    }

    /// The shared level, or this logger's own if it was set.
    package var logLevel: Logger.Level {
        get { ownLevel ?? level.level.loggerLevel }
        set { ownLevel = newValue }
    }

    /// One entry of `metadata`.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line; called by `Logger` for records that the level lets through.
    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() {
            all.merge(provided) { _, new in new }
        }
        if let error = event.error {
            all["error"] = .string("\(error)")
        }
        if let own = event.metadata {
            all.merge(own) { _, new in new }
        }
        let record = LogRecord(
            timeNanoseconds: clock(),
            level: Settings.Log.Level(event.level),
            message: event.message.description,
            metadata: all
        )
        destination.write(formatter.line(record))
    }
}
