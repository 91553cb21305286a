package import Disk
import Glibc

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

    /// Shows every segment below `folders`, folder by folder, names in order.
    ///
    /// Links, and folders of others that may not be read, are passed over; so is `lost+found`, which a
    /// file system has at its top.
    ///
    /// - `wanted`: asked by name, before a path is made.
    /// - `onForeign`: told of what was passed over, and why, but for `lost+found`.
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

    /// What a file name says; nil for files of others.
    package static func kind(ofName name: String) -> Kind? {
        if Layout.isSealed(name: name) { return .sealed }
        if Layout.isOpen(name: name) { return .open }
        guard name.utf8.first == UInt8(ascii: ".") else { return nil }
        if Layout.ends(name, SegmentFormat.damagedSuffix) { return .damaged }
        if Layout.ends(name, Repaired.suffix) { return .repaired }
        return Layout.ends(name, SegmentFormat.copySuffix) ? .recovering : nil
    }
}
