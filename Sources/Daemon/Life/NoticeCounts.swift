import Archive
import Pipeline
import Storage
import Synchronization

/// Counts the pipeline's notices, for metrics.
///
/// Any thread may call.
final class NoticeCounts: Sendable {
    /// The reasons for which this run seals a segment; recovery and repair seal those of others.
    static let reasons = ManifestEntry.Reason.allCases.filter { $0 != .recovered }

    struct Values: Sendable {
        var sealed: [ManifestEntry.Reason: Int] = [:]
        var failed = 0
    }

    private let counts = Mutex(Values())

    var values: Values { counts.withLock { $0 } }

    func count(_ notice: PipelineNotice) {
        switch notice {
        case .sealed(let file): counts.withLock { $0.sealed[file.reason, default: 0] += 1 }
        case .segmentFailed: counts.withLock { $0.failed += 1 }
        default: break
        }
    }
}
