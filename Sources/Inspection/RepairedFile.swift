import Archive
import Disk

/// A sealed segment that is being written of saved lines.
///
/// One thread. Nothing stands under its name before ``finish()``, and then all of it, durably.
struct RepairedFile {
    private static let level = 6

    private let fileSystem: any FileSystem
    private let path: String
    private let partPath: String
    private let lines: LineFile

    /// - Throws: also when the part of an earlier attempt is in the way.
    init(_ path: String, in fileSystem: any FileSystem) throws(FileSystemError) {
        self.fileSystem = fileSystem
        self.path = path
        partPath = path + Repaired.partSuffix
        lines = try LineFile(partPath, level: Self.level, in: fileSystem)
    }

    /// Takes a line without its line feed.
    func write(_ line: UnsafeRawBufferPointer) throws(FileSystemError) {
        try lines.write(line)
    }

    /// Ends it and gives it its name.
    func finish() throws(FileSystemError) {
        try lines.finish(durably: true)
        try fileSystem.rename(partPath, to: path)
        try fileSystem.syncFolder(DiskPath.split(path).folder)
    }
}
