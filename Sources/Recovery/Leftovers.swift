import Archive
package import Disk

/// The files that earlier runs left in a data folder.
///
/// Taken before a run opens anything, which separates its own files from theirs whatever the clock
/// says or said when they were named.
package struct Leftovers: Sendable {
    /// The open segments.
    package private(set) var open: [String] = []
    /// Incomplete copies of recoveries.
    private(set) var copies: [String] = []
    /// The sealed files that may lack a manifest line.
    private(set) var sealed: Set<PathDigest> = []
    /// Paths that were skipped because they are not Touchpoint's, and why.
    package private(set) var foreign: [FileSystemError] = []

    /// Lists every file of the data folder.
    ///
    /// `firstDay`: ``ManifestHistory/firstDay``; sealed files that were opened before are left out.
    package init(
        _ fileSystem: any FileSystem,
        since firstDay: String = ""
    ) throws(FileSystemError) {
        let first = firstDay.filter { $0 != "-" }
        try SegmentTree.walk(
            fileSystem,
            wanted: { name, kind in
                kind != .sealed || first.isEmpty || (Layout.stamp(ofName: name) ?? "") >= first
            },
            onForeign: { foreign.append($0) }
        ) { (path, kind) throws(FileSystemError) in
            switch kind {
            case .open: open.append(path)
            case .recovering: copies.append(path)
            case .sealed: sealed.insert(PathDigest(path))
            case .damaged, .repaired: break
            }
        }
    }

    /// The sealed paths for the open segments.
    var recovered: [String] { open.compactMap(Layout.sealedPath(forOpen:)) }

    /// Returns the existing paths with some digests.
    static func paths(
        of digests: Set<PathDigest>,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> [String] {
        var paths: [String] = []
        guard !digests.isEmpty else { return [] }
        try SegmentTree.walk(fileSystem) { (path, kind) throws(FileSystemError) in
            if kind == .sealed, digests.contains(PathDigest(path)) { paths.append(path) }
        }
        return paths
    }
}
