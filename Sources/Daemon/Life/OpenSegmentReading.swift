import Disk
import Dispatch
import Events
import Pipeline
import Recovery
import Synchronization

/// Reads the ids of the open segments of earlier runs, on all processors: sources wait for it.
struct OpenSegmentReading: Sendable {
    struct Report: Sendable {
        var scans: [PathKey: OpenSegmentScan] = [:]
        var ids = 0
        /// The unreadable segments by path, and why.
        var unreadable: [String: String] = [:]
        var isStopped = false
    }

    let fileSystem: any FileSystem
    let sources: [String: Int]
    let since: UInt32
    let contentHash: ContentHash
    let shouldStop: @Sendable () -> Bool

    /// Numbers the segments from 1 in this order: ``Pipeline/settleLeftovers(upTo:)``.
    func run(_ paths: [String], _ pipeline: Pipeline) -> Report {
        let report = Mutex(Report())
        guard !paths.isEmpty else { return Report() }
        pipeline.expectLeftovers(paths.count)
        DispatchQueue.concurrentPerform(iterations: paths.count) { at in
            let path = paths[at]
            if shouldStop() { return report.withLock { $0.isStopped = true } }
            let read = Result { () throws(FileSystemError) in
                try OpenIdentities(
                    path,
                    in: fileSystem,
                    sources: sources,
                    since: since,
                    contentHash: contentHash
                )
            }
            // The window adds one at a time before intake opens; reading is the slow part.
            report.withLock { report in
                switch read {
                case .success(let open):
                    report.scans[PathKey(path)] = open.scan
                    report.ids += open.count
                    open.each { pipeline.remember($0, leftover: at + 1) }
                case .failure(let error):
                    report.unreadable[path] = "\(error)"
                }
            }
        }
        return report.withLock { $0 }
    }
}

/// The progress of recovery through the open segments of earlier runs.
struct LeftoverSettling: Sendable {
    private let numbers: [PathKey: Int]
    private var isDone: [Bool]
    private var upTo = 0

    init(_ paths: [String]) {
        numbers = Dictionary(
            paths.enumerated().map { (PathKey($0.element), $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        isDone = Array(repeating: false, count: paths.count)
    }

    /// Marks one segment; returns how many are done without a gap, from the first on.
    mutating func settle(_ path: String) -> Int {
        if let number = numbers[PathKey(path)] { isDone[number] = true }
        while upTo < isDone.count, isDone[upTo] { upTo += 1 }
        return upTo
    }
}
