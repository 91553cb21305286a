import Events

/// What earlier runs left in a data folder.
///
/// Taken before this run opens anything, so that its files are told from theirs whatever the clock
/// says or said.
package struct Leftovers: Sendable {
    /// The open segments.
    package private(set) var open: [String] = []
    /// Files whose names carry a time from the start of this run on: the clock was ahead.
    private var ahead: Set<PathKey> = []
    private let start: String

    /// Of nothing: every file named from `startedAt` (microseconds since 1970) on is of this run.
    package init(startedAt: Int64) {
        start = Timestamp.compact(startedAt)
    }

    /// Looks at every file of the data folder.
    package init(
        _ fileSystem: any FileSystem,
        startedAt: Int64
    ) throws(FileSystemError) {
        self.init(startedAt: startedAt)
        try SegmentTree.walk(fileSystem) { (path, kind) throws(FileSystemError) in
            if kind == .open { open.append(path) }
            guard isNamedSinceStart(path) else { return }
            ahead.insert(PathKey(path))
            // What recovery makes of it.
            if let sealed = Layout.sealedPath(forOpen: path) { ahead.insert(PathKey(sealed)) }
        }
    }

    /// Whether a file, open or sealed, belongs to this run.
    package func isOfThisRun(_ path: String) -> Bool {
        isNamedSinceStart(path) && !ahead.contains(PathKey(path))
    }

    private func isNamedSinceStart(_ path: String) -> Bool {
        let parts = Layout.split(path).name.split(separator: "-")
        return parts.count >= 2 && parts[parts.count - 2] >= start
    }
}
