import Archive
package import Disk

/// What earlier runs left in a data folder.
///
/// Taken before a run opens anything: so its own files are told from theirs, whatever the clock says or
/// said when they were named.
package struct Leftovers: Sendable {
    /// The open segments.
    package private(set) var open: [String] = []
    /// Half-written copies of recoveries.
    private(set) var copies: [String] = []
    /// The sealed files that may lack a manifest line.
    private(set) var sealed: Set<PathDigest> = []
    /// What was passed over because it is not Touchpoint's, and why.
    package private(set) var foreign: [FileSystemError] = []

    /// Looks at every file of the data folder.
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

    /// Where recovery puts what it keeps of the open segments.
    var recovered: [String] { open.compactMap(Layout.sealedPath(forOpen:)) }

    /// Those of some digests that are there, by path.
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
