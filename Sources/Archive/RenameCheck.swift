package import Disk

/// Tests whether a file system can rename a file to its sealed name.
///
/// That must never replace a file. Some file systems can neither rename so nor make a link instead,
/// which must be known before events are acknowledged.
package enum RenameCheck {
    private static let first = ".rename-check"
    private static let second = ".rename-check.renamed"

    /// Renames an empty file in the data folder and in the folders of segments; leaves nothing.
    ///
    /// To be called while nothing else uses the folder. Throws the error of a rename; an error of
    /// creating a file is ignored, because it does not concern renames.
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
        // A crash may have left them.
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
