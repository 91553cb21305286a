import Disk
import Logging
import Recovery
import Storage

/// Recovery's log lines.
extension RecoveryRun {
    /// Logs the result of an attempt, and its duration.
    static func log(
        _ result: Result<RecoveryReport, FileSystemError>,
        nanoseconds: Int64,
        logger: Logger
    ) {
        switch result {
        case .success(let report):
            log(report, nanoseconds: nanoseconds, logger: logger)
        case .failure(let error):
            logger.error(
                "recovery failed, it will be tried again",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// Logs the result of one open segment.
    static func log(_ file: RecoveryReport.File, _ logger: Logger) {
        let isBad =
            switch file.outcome {
            case .damaged, .failed: true
            case .finished, .cut, .removed: false
            }
        logger.log(
            level: isBad ? .error : .debug,
            "recovered",
            metadata: [
                "path": "\(file.path)", "outcome": "\(file.outcome)",
                "events": "\(file.events)",
                "kept": "\(file.keptBytes) of \(file.fileBytes) bytes", "why": "\(file.reason)",
            ]
        )
    }

    private static func log(_ report: RecoveryReport, nanoseconds: Int64, logger: Logger) {
        let isQuiet = report.files.isEmpty && report.entriesAdded.isEmpty && !report.hasFailed
        logger.log(
            level: isQuiet ? .info : .notice,
            report.isStopped
                ? "recovery stopped" : report.hasFailed ? "recovery failed" : "recovery done",
            metadata: [
                "files": "\(report.files.count)", "events": "\(report.events)",
                "manifestLines": "\(report.manifestLines)",
                "milliseconds": "\(nanoseconds / 1_000_000)",
            ]
        )
        for (path, why) in report.unreadable.sorted(by: { $0.key < $1.key }) {
            logger.error(
                "sealed file cannot be read",
                metadata: ["path": "\(path)", "why": "\(why)"]
            )
        }
        for path in report.missingFiles.prefix(20) {
            logger.warning("manifest names a file that is gone", metadata: ["path": "\(path)"])
        }
        if !report.entriesAdded.isEmpty {
            logger.notice(
                "manifest lines added",
                metadata: ["files": "\(report.entriesAdded.count)"]
            )
        }
    }
}
