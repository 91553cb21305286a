package import Archive
package import Disk
import Events
import Platform

/// Removes sealed files of quarantine that are too old, oldest first.
///
/// It removes only files that a manifest of this node names, below `quarantine/`, and only by age.
/// One thread at a time.
package struct QuarantineSweep: Sendable {
    /// The number of files whose removal is made durable with one sync.
    static let filesAtOnce = 64

    /// The removed files.
    package struct Removed: Sendable, Equatable {
        package var files = 0
        package var bytes = 0
        package var events = 0
        /// Sealing time of the newest of them, RFC 3339.
        package var newest: String?
    }

    private let fileSystem: any FileSystem
    private let manifest: ManifestLog
    private let node: String
    private let quota: QuarantineQuota

    package init(
        fileSystem: any FileSystem,
        manifest: ManifestLog,
        node: String,
        quota: QuarantineQuota
    ) {
        self.fileSystem = fileSystem
        self.manifest = manifest
        self.node = node
        self.quota = quota
    }

    /// Measures all files of quarantine and reports their size to the quota.
    package func measure() throws(FileSystemError) {
        let growth = quota.growth
        var bytes = 0
        try SegmentTree.walk(fileSystem, below: [SegmentFormat.quarantine]) { path, kind in
            let size = size(of: path)
            // It was sealed since the folder was listed.
            let sealed = kind == .open && size == nil ? Layout.sealedPath(forOpen: path) : nil
            bytes += size ?? sealed.flatMap(self.size) ?? 0
        }
        quota.measured(bytes, since: growth)
    }

    /// After a refusal, tests whether the disk accepts a file again, and has space for two steps of
    /// its growth.
    package func tryDisk() {
        guard quota.isRefused else { return }
        do throws(FileSystemError) {
            _ = try fileSystem.createFolder(SegmentFormat.quarantine)
            if fileSystem.exists(SegmentFormat.trial) { try fileSystem.remove(SegmentFormat.trial) }
            let file = try fileSystem.open(SegmentFormat.trial, .createNew)
            defer {
                fileSystem.close(file)
                try? fileSystem.remove(SegmentFormat.trial)
            }
            try fileSystem.reserve(file, from: 0, count: 2 * SegmentStore.reserveStep)
        } catch {
            return
        }
        quota.readmit()
    }

    /// Removes files that were sealed at least `age` before `now`, microseconds since 1970 UTC.
    ///
    /// The manifest records it before a file is removed. An error leaves files to the next call.
    package func run(now: Int64, age: Duration) throws(FileSystemError) -> Removed {
        let limit = now - age.nanoseconds / 1_000
        var removed = Removed()
        var waiting = try listed(try candidates(openedBy: limit), sealedBy: limit)
        while !waiting.isEmpty {
            let part = waiting.prefix(Self.filesAtOnce)
            waiting.removeFirst(part.count)
            let at = Timestamp.text(now)
            try manifest.append(part.map { ManifestRemoval($0, reason: .age, at: at) })
            for entry in part {
                try remove(entry)
                removed.files += 1
                removed.bytes += entry.compressedBytes
                removed.events += entry.events
                removed.newest = entry.sealedAt
            }
        }
        return removed
    }

    /// Returns sealed files of this node whose names say that they were opened by a time.
    private func candidates(openedBy limit: Int64) throws(FileSystemError) -> Set<PathKey> {
        let stamp = Timestamp.compact(limit)
        var found: Set<PathKey> = []
        try SegmentTree.walk(
            fileSystem,
            below: [SegmentFormat.quarantine],
            wanted: { name, kind in kind == .sealed && isOwn(name) }
        ) { path, _ in
            let name = DiskPath.split(path).name
            if let opened = Layout.stamp(ofName: name), opened <= stamp, size(of: path) != nil {
                found.insert(PathKey(path))
            }
        }
        return found
    }

    /// Whether a name is `part-<node>-<writer>-<time>-<number>…`.
    private func isOwn(_ name: String) -> Bool {
        let prefix = "part-\(node)-"
        guard name.hasPrefix(prefix) else { return false }
        let rest = name.utf8.dropFirst(prefix.utf8.count).split(
            separator: UInt8(ascii: "-"),
            omittingEmptySubsequences: false
        )
        return rest.count == 3 && Int(String(rest[0]) ?? "") != nil
    }

    /// Returns the manifest entries of these files, if they were sealed by a time; oldest first.
    ///
    /// A file without a line is kept: recovery adds its line at the next start.
    private func listed(
        _ paths: Set<PathKey>,
        sealedBy limit: Int64
    ) throws(FileSystemError) -> [ManifestEntry] {
        guard !paths.isEmpty else { return [] }
        var entries: [PathKey: ManifestEntry] = [:]
        let last = Timestamp.text(limit)
        let end = Timestamp.date(limit + 86_400_000_000)
        try ManifestReader.each(fileSystem, from: firstDay(paths), before: end) { _, entry in
            guard let entry, entry.node == node, entry.sealedAt <= last else { return }
            let path = PathKey(entry.path)
            if paths.contains(path), entries[path] == nil { entries[path] = entry }
        }
        return entries.values.sorted { ($0.sealedAt, $0.path) < ($1.sealedAt, $1.path) }
    }

    /// Returns the day on which the first of these files was opened; no earlier manifest names any.
    private func firstDay(_ paths: Set<PathKey>) -> String {
        let stamps = paths.compactMap { Layout.stamp(ofName: DiskPath.split($0.path).name) }
        guard let first = stamps.min(), first.count >= 8 else { return "" }
        let digits = Array(first)
        return String(digits[0..<4]) + "-" + String(digits[4..<6]) + "-" + String(digits[6..<8])
    }

    private func remove(_ entry: ManifestEntry) throws(FileSystemError) {
        do throws(FileSystemError) {
            try fileSystem.remove(entry.path)
            quota.removed(entry.compressedBytes)
        } catch {
            guard error.isMissing else { throw error }
        }
    }

    /// Returns the size of a file; nil if the path is not a file or is a link.
    private func size(of path: String) -> Int? {
        try? fileSystem.size(of: path)
    }
}
