import Archive
import Disk
import Intake
import Logging
import Pipeline
import Platform
import Storage
import Synchronization

/// Turns the pipeline's notices into log lines, and counts them for metrics.
///
/// Any thread may call.
final class NoticeLog: Sendable {
    let counts = NoticeCounts()
    let sealed = SealedSum()
    let logger: Logger
    private let folders = Mutex(HourlyLimit())

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Logs and counts one notice.
    func add(_ notice: PipelineNotice) {
        counts.count(notice)
        switch notice {
        case .sealed(let file):
            sealed.add(file)
            logger.debug(
                "sealed",
                metadata: [
                    "path": "\(file.path)", "events": "\(file.events)",
                    "bytes": "\(file.compressedBytes)", "reason": "\(file.reason.rawValue)",
                ]
            )
        case .committed(let writer, let events, let files, let microseconds):
            logger.debug(
                "committed",
                metadata: [
                    "writer": "\(writer)", "events": "\(events)", "files": "\(files)",
                    "microseconds": "\(microseconds)",
                ]
            )
        case .storage(let reason?):
            logger.error("intake stopped: storage is blocked", metadata: ["why": "\(reason)"])
        case .storage(nil):
            logger.notice("intake goes on: storage takes more again")
        case .segmentFailed(let error):
            logger.critical(
                "the disk failed a segment: it is written anew, nothing since is acknowledged",
                metadata: ["error": "\(error)"]
            )
        case .segmentsReplaced(let paths):
            for path in paths {
                logger.notice(
                    "segment stands in a new file, all of it durable",
                    metadata: ["path": "\(path)"]
                )
            }
        case .folderBlocked(let error, let instead):
            let now = SystemClock.monotonicNanoseconds
            guard folders.withLock({ $0.allows(instead, at: now) }) else { break }
            log(error, instead: instead)
        case .sourceFailed(let source, let reason):
            logger.critical(
                "source failed, it takes in nothing more",
                metadata: ["source": "\(source)", "error": "\(reason)"]
            )
        case .peer(let source, let peer):
            log(peer, source: source)
        case .rejected(let source, let peer, let reason):
            logRejection(source: source, peer: peer, reason: reason)
        case .ledgerMismatch(let writer):
            logger.error("the ledger does not add up", metadata: ["writer": "\(writer)"])
        }
    }

    private func log(_ error: FileSystemError, instead: String) {
        logger.error(
            "a partition's folder cannot be entered: its events go to another one",
            metadata: ["error": "\(error)", "instead": "\(instead)"]
        )
    }
}
