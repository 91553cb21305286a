import Archive
import Disk

/// A sealed segment of saved lines that is being written.
///
/// One thread. Its name does not exist before ``finish()``; after it, the whole file is durable.
struct RepairedFile {
    private static let level = 6

    private let fileSystem: any FileSystem
    private let path: String
    private let partPath: String
    private let lines: LineFile

    /// - Throws: also if the file of an earlier attempt exists.
    init(_ path: String, in fileSystem: any FileSystem) throws(FileSystemError) {
        self.fileSystem = fileSystem
        self.path = path
        partPath = path + Repaired.partSuffix
        lines = try LineFile(partPath, level: Self.level, in: fileSystem)
    }

    /// Adds a line without its line feed.
    func write(_ line: UnsafeRawBufferPointer) throws(FileSystemError) {
        try lines.write(line)
    }

    /// Ends the file and renames it.
    func finish() throws(FileSystemError) {
        try lines.finish(durably: true)
        try fileSystem.rename(partPath, to: path)
        try fileSystem.syncFolder(DiskPath.split(path).folder)
    }
}
