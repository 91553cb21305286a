package import Archive
package import Disk
import Events
import Platform

/// The manifests of a data folder at a start: past days by their summaries, the last ones line by
/// line.
///
/// Taken before this run appends to any manifest.
package struct ManifestHistory: Sendable {
    /// The first day, `2026-11-22`, whose manifests are read line by line; empty for all days.
    ///
    /// If a file was opened on this day or later and has a line, the line is in a manifest of this
    /// day or a later one.
    package let firstDay: String
    /// Summaries of days before ``firstDay``, by path of the manifest.
    private let summaries: [String: ManifestSummary]

    /// Creates a history that reads everything line by line.
    package init() {
        firstDay = ""
        summaries = [:]
    }

    /// - `node`: the node whose summaries decide how far back lines are read; those of other nodes,
    ///   in merged trees, only add to the totals.
    /// - `startedAt`: when this run began; microseconds since 1970.
    /// - `openDays`: days that a segment can be open.
    /// - `since`: the first day whose lines are read in any case.
    package init(
        _ fileSystem: any FileSystem,
        node: String,
        startedAt: Int64,
        openDays: Int = 1,
        since: String? = nil
    ) throws(FileSystemError) {
        let today = Timestamp.date(startedAt)
        var first = today
        var isEmpty = true
        var found: [String: ManifestSummary] = [:]
        for path in try ManifestReader.paths(fileSystem, alsoSummarised: true) {
            isEmpty = false
            let day = Layout.day(ofManifest: path)
            if day < today, let summary = ManifestSummary.read(of: path, in: fileSystem) {
                found[path] = summary
            } else if path == Layout.manifestPath(date: day, node: node) {
                first = min(first, day)
            }
        }
        let begin = isEmpty ? "" : Self.day(first, minus: openDays)
        let firstDay = min(begin, since ?? begin)
        self.firstDay = firstDay
        summaries = found.filter { Layout.day(ofManifest: $0.key) < firstDay }
    }

    private static func day(_ day: String, minus days: Int) -> String {
        guard let start = Timestamp.parse("\(day)T00:00:00Z") else { return "" }
        return Timestamp.date(start - Int64(days) * 86_400_000_000)
    }

    /// Adds up all events except those of a run; if lines name a path twice, the first counts.
    ///
    /// Returns the totals, and the number of lines read.
    package func totals(
        _ fileSystem: any FileSystem,
        except run: String
    ) throws(FileSystemError) -> (ManifestTotals, lines: Int) {
        var totals = ManifestTotals()
        var seen: Set<PathDigest> = []
        var lines = 0
        for path in try ManifestReader.paths(fileSystem) {
            if let summary = summaries[path] {
                totals += summary.totals
                continue
            }
            try ManifestReader.eachLine(of: path, fileSystem) { (line) throws(FileSystemError) in
                lines += 1
                guard let entry = ManifestLine.entry(line),
                    seen.insert(PathDigest(entry.path)).inserted
                else { return }
                totals.add(entry, except: run)
            }
        }
        return (totals, lines)
    }

    /// Writes the summary of every manifest of a day before `today` that has no valid one, and
    /// returns their number.
    ///
    /// Failed writes are left to the next call: the folder may be another node's.
    package static func summarise(
        _ fileSystem: any FileSystem,
        before today: String,
        shouldStop: () -> Bool = { false }
    ) throws(FileSystemError) -> Int {
        var count = 0
        for path in try ManifestReader.paths(fileSystem) where Layout.day(ofManifest: path) < today
        {
            if shouldStop() { break }
            guard ManifestSummary.read(of: path, in: fileSystem) == nil,
                let summary = try? ManifestSummary.make(of: path, in: fileSystem),
                (try? summary.write(of: path, in: fileSystem)) != nil
            else { continue }
            count += 1
        }
        return count
    }
}
