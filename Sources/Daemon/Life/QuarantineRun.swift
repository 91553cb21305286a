import Archive
import Configuration
import Control
import Disk
import Foundation
import Logging
import Pipeline
import Platform
import Storage
import Synchronization

/// Keeps quarantine within its limits: measures it, removes old files, and logs when it is full.
///
/// Any thread may call; disk access runs on its own thread.
final class QuarantineRun: Sendable {
    /// The longest time between two looks at the files, and the shortest.
    private static let pauseMax: Int64 = 60_000_000_000
    private static let pauseMin: Int64 = 1_000_000_000

    private struct State {
        /// Monotonic nanoseconds; nil before the first look.
        var lookedAt: Int64?
        var isLooking = false
        var isFull = false
        /// Files removed in this run.
        var removedFiles = 0
        var failure: String?
    }

    private let sweep: QuarantineSweep
    private let quota: QuarantineQuota
    private let state = Mutex(State())

    init(
        fileSystem: any FileSystem,
        manifest: ManifestLog,
        node: String,
        quota: QuarantineQuota
    ) {
        self.quota = quota
        sweep = QuarantineSweep(
            fileSystem: fileSystem,
            manifest: manifest,
            node: node,
            quota: quota
        )
    }

    /// Looks at the files when it is time; `now`: monotonic nanoseconds, about once a second.
    ///
    /// `mayRemove`: recovery has ended, so that every sealed file has its manifest line.
    func tick(
        _ settings: Settings.Quarantine,
        now: Int64,
        mayRemove: Bool,
        _ logger: Logger
    ) {
        tell(logger)
        let age = settings.ageMax
        let pause = min(Self.pauseMax, max(Self.pauseMin, age.nanoseconds / 10))
        let (begins, isDue) = state.withLock { state in
            let isDue = state.lookedAt.map { now - $0 >= pause } ?? true
            guard !state.isLooking, isDue || quota.isRefused else { return (false, false) }
            if isDue { state.lookedAt = now }
            state.isLooking = true
            return (true, isDue)
        }
        guard begins else { return }
        let thread = Thread {
            self.sweep.tryDisk()
            if isDue { self.look(removing: mayRemove && age > .zero ? age : nil, logger) }
            self.state.withLock { $0.isLooking = false }
        }
        thread.name = "quarantine"
        thread.start()
    }

    private func look(removing age: Duration?, _ logger: Logger) {
        do throws(FileSystemError) {
            if let age {
                tell(try sweep.run(now: SystemClock.wallMicroseconds, age: age), logger)
            }
            try sweep.measure()
            state.withLock { $0.failure = nil }
        } catch {
            // Logged once: the next look tries again.
            let isNew = state.withLock { state in
                defer { state.failure = "\(error)" }
                return state.failure != "\(error)"
            }
            guard isNew else { return }
            logger.warning(
                "quarantine cannot be looked through, it will be tried again",
                metadata: ["error": "\(error)"]
            )
        }
    }

    private func tell(_ removed: QuarantineSweep.Removed, _ logger: Logger) {
        guard removed.files > 0 else { return }
        state.withLock { $0.removedFiles += removed.files }
        logger.info(
            "files of quarantine removed: older than quarantine.maxAge",
            metadata: [
                "files": "\(removed.files)", "bytes": "\(removed.bytes)",
                "pieces": "\(removed.events)", "newest": "\(removed.newest ?? "")",
            ]
        )
    }

    /// Logs once that quarantine is full, and once that it is no longer.
    private func tell(_ logger: Logger) {
        let isFull = quota.isFull
        let isNew = state.withLock { state in
            defer { state.isFull = isFull }
            return state.isFull != isFull
        }
        guard isNew else { return }
        if isFull {
            logger.error(
                "quarantine is full: messages with rejected pieces are not taken",
                metadata: ["why": "\(quota.why ?? "")"]
            )
        } else {
            logger.notice(
                "quarantine takes rejected pieces again",
                metadata: ["bytes": "\(quota.bytes)"]
            )
        }
    }

    /// The state of quarantine for operators.
    func status(_ settings: Settings.Quarantine) -> QuarantineStatus {
        QuarantineStatus(
            state: quota.isFull ? "full" : "open",
            why: quota.why,
            bytes: quota.bytes,
            maxBytes: settings.bytesMax,
            maxAgeSeconds: Int(settings.ageMax.components.seconds),
            refusedMessages: quota.refused,
            removedFiles: state.withLock { $0.removedFiles }
        )
    }
}
