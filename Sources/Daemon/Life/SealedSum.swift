import Logging
import Storage
import Synchronization

/// Adds up sealed files, for one log line per minute.
final class SealedSum: Sendable {
    private struct Sum {
        var files = 0
        var events = 0
        var bytes = 0
        var toldAt: Int64?
    }

    private static let pauseNanoseconds: Int64 = 60_000_000_000
    private let sum = Mutex(Sum())

    func add(_ file: SealedFile) {
        sum.withLock { sum in
            sum.files += 1
            sum.events += file.events
            sum.bytes += file.compressedBytes
        }
    }

    /// Logs when a line is due; `now`: monotonic nanoseconds, about once a second.
    func tick(_ now: Int64, _ logger: Logger) {
        let isDue = sum.withLock { sum in
            let last = sum.toldAt ?? now
            if sum.toldAt == nil { sum.toldAt = now }
            guard now - last >= Self.pauseNanoseconds else { return false }
            sum.toldAt = now
            return true
        }
        if isDue { tell(logger) }
    }

    /// Logs the files sealed since the last line, if there are any.
    func tell(_ logger: Logger) {
        let said = sum.withLock { sum in
            defer { (sum.files, sum.events, sum.bytes) = (0, 0, 0) }
            return sum
        }
        guard said.files > 0 else { return }
        logger.info(
            "files sealed",
            metadata: [
                "files": "\(said.files)", "events": "\(said.events)", "bytes": "\(said.bytes)",
            ]
        )
    }
}
