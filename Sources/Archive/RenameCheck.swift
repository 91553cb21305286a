package import Disk

/// Finds out whether a file system can give a file its sealed name.
///
/// That must never replace a file. Not every file system can rename so, or make a link instead; it is
/// better known before events are acknowledged.
package enum RenameCheck {
    private static let first = ".rename-check"
    private static let second = ".rename-check.renamed"

    /// Renames an empty file at the top of the data folder, and where segments lie; leaves nothing.
    ///
    /// To be called while nobody else is at work. Throws what a rename comes to; what keeps files from
    /// being made says nothing of renames.
    package static func run(_ fileSystem: any FileSystem) throws(FileSystemError) {
        for folder in [""] + SegmentFormat.roots where folder.isEmpty || fileSystem.exists(folder) {
            try run(fileSystem, in: folder)
        }
    }

    private static func run(
        _ fileSystem: any FileSystem,
        in folder: String
    ) throws(FileSystemError) {
        let (from, to) = (DiskPath.join(folder, first), DiskPath.join(folder, second))
        // As a crash left them.
        try? fileSystem.remove(from)
        try? fileSystem.remove(to)
        guard let file = try? fileSystem.open(from, .createNew) else { return }
        fileSystem.close(file)
        defer {
            try? fileSystem.remove(from)
            try? fileSystem.remove(to)
        }
        try fileSystem.rename(from, to: to)
    }
}
