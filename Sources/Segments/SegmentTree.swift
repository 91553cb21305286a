/// Finds the files of a data folder.
///
/// Only one folder's names are held at a time, and the paths of the folders still to visit.
package enum SegmentTree {
    /// What a file in the tree is, by its name.
    package enum Kind: Sendable, Equatable {
        case sealed
        case open
        /// Kept aside by recovery.
        case damaged
        /// A half-written copy that recovery left behind.
        case recovering
        /// What `repair` saved of a damaged file; no reader sees it yet.
        case repaired
    }

    /// Where segments lie.
    package static let roots = [Layout.events, Layout.quarantine]

    /// Shows every segment below `folders`, folder by folder, names in order.
    package static func walk(
        _ fileSystem: any FileSystem,
        below folders: [String] = Self.roots,
        _ visit: (String, Kind) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        var waiting = Array(folders.reversed())
        while let folder = waiting.popLast() {
            var inner: [String] = []
            for entry in try fileSystem.list(folder) {
                let path = Layout.join(folder, entry.name)
                if entry.isFolder {
                    inner.append(path)
                } else if let kind = kind(ofName: entry.name) {
                    try visit(path, kind)
                }
            }
            waiting += inner.reversed()
        }
    }

    /// What a file name says; nil for files of others.
    package static func kind(ofName name: String) -> Kind? {
        if Layout.isSealed(name: name) { return .sealed }
        if Layout.isOpen(name: name) { return .open }
        guard name.hasPrefix(".") else { return nil }
        if name.hasSuffix(Layout.damagedSuffix) { return .damaged }
        if name.hasSuffix(Repaired.suffix) { return .repaired }
        return name.hasSuffix(Layout.copySuffix) ? .recovering : nil
    }
}
