package import Disk
import Glibc

/// Finds the files of a data folder.
///
/// It holds only one folder's names at a time, and the paths of the folders still to visit.
package enum SegmentTree {
    /// The kind of a file in the tree, by its name.
    package enum Kind: Sendable, Equatable {
        case sealed
        case open
        /// Kept aside by recovery.
        case damaged
        /// An incomplete copy that an interrupted recovery left.
        case recovering
        /// The events that `repair` saved of a damaged file; no reader sees it yet.
        case repaired
    }

    /// Visits every segment below `folders`, folder by folder, names in order.
    ///
    /// It skips links, foreign folders that may not be read, and `lost+found`, which a file system
    /// has at its top.
    ///
    /// - `wanted`: called with the name, before a path is made.
    /// - `onForeign`: called with everything skipped, and why, except `lost+found`.
    package static func walk(
        _ fileSystem: any FileSystem,
        below folders: [String] = SegmentFormat.roots,
        wanted: (String, Kind) -> Bool = { _, _ in true },
        onForeign: (FileSystemError) -> Void = { _ in },
        _ visit: (String, Kind) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        var waiting = Array(folders.reversed())
        while let folder = waiting.popLast() {
            var inner: [String] = []
            for entry in try entries(of: folder, fileSystem, onForeign) {
                if entry.isLink {
                    onForeign(
                        FileSystemError(.open, DiskPath.join(folder, entry.name), code: ELOOP)
                    )
                } else if entry.isFolder {
                    if entry.name == "lost+found" { continue }
                    inner.append(DiskPath.join(folder, entry.name))
                } else if let kind = kind(ofName: entry.name), wanted(entry.name, kind) {
                    try visit(DiskPath.join(folder, entry.name), kind)
                }
            }
            waiting += inner.reversed()
        }
    }

    private static func entries(
        of folder: String,
        _ fileSystem: any FileSystem,
        _ onForeign: (FileSystemError) -> Void
    ) throws(FileSystemError) -> [FolderEntry] {
        do throws(FileSystemError) {
            return try fileSystem.list(folder)
        } catch {
            guard error.isObstacle, fileSystem.isForeign(folder) else { throw error }
            onForeign(error)
            return []
        }
    }

    /// Returns the kind by a file name; nil for foreign files.
    package static func kind(ofName name: String) -> Kind? {
        if Layout.isSealed(name: name) { return .sealed }
        if Layout.isOpen(name: name) { return .open }
        guard name.utf8.first == UInt8(ascii: ".") else { return nil }
        if Layout.ends(name, SegmentFormat.damagedSuffix) { return .damaged }
        if Layout.ends(name, Repaired.suffix) { return .repaired }
        return Layout.ends(name, SegmentFormat.copySuffix) ? .recovering : nil
    }
}
