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
    ///
    /// `wanted`: asked by name, before a path is made.
    package static func walk(
        _ fileSystem: any FileSystem,
        below folders: [String] = Self.roots,
        wanted: (String, Kind) -> Bool = { _, _ in true },
        _ visit: (String, Kind) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        var waiting = Array(folders.reversed())
        while let folder = waiting.popLast() {
            var inner: [String] = []
            for entry in try fileSystem.list(folder) {
                if entry.isFolder {
                    inner.append(Layout.join(folder, entry.name))
                } else if let kind = kind(ofName: entry.name), wanted(entry.name, kind) {
                    try visit(Layout.join(folder, entry.name), kind)
                }
            }
            waiting += inner.reversed()
        }
    }

    /// What a file name says; nil for files of others.
    package static func kind(ofName name: String) -> Kind? {
        if Layout.isSealed(name: name) { return .sealed }
        if Layout.isOpen(name: name) { return .open }
        guard name.utf8.first == UInt8(ascii: ".") else { return nil }
        if Layout.ends(name, Layout.damagedSuffix) { return .damaged }
        if Layout.ends(name, Repaired.suffix) { return .repaired }
        return Layout.ends(name, Layout.copySuffix) ? .recovering : nil
    }
}
