import Logging
import Synchronization

/// Stores log records, one text per record: `level message`, and the metadata if requested.
final class LoggedLines: Sendable {
    private struct Handler: LogHandler {
        let lines: LoggedLines
        let withMetadata: Bool
        var metadata = Logger.Metadata()
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let data = (event.metadata ?? [:]).sorted { $0.key < $1.key }
            let rest = withMetadata ? " \(data.map { "\($0)=\($1)" })" : ""
            lines.lines.withLock { $0.append("\(event.level) \(event.message)\(rest)") }
        }
    }

    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func logger(from level: Logger.Level = .debug, withMetadata: Bool = false) -> Logger {
        Logger(label: "test") { _ in
            Handler(lines: self, withMetadata: withMetadata, logLevel: level)
        }
    }
}
