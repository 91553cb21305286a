import Disk
import Glibc

/// A disk that accepts everything at once and stores nothing, so that the measurement excludes the
/// system's part.
///
/// Reads return nothing.
final class DiscardingFileSystem: FileSystem {
    func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        FileHandle(number: 0)
    }

    func close(_ file: FileHandle) {}
    func write(_ bytes: UnsafeRawBufferPointer, to file: FileHandle) throws(FileSystemError) {}

    func read(
        _ file: FileHandle,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileSystemError) -> Int { 0 }

    func size(_ file: FileHandle) throws(FileSystemError) -> Int { 0 }
    func truncate(_ file: FileHandle, to size: Int) throws(FileSystemError) {}
    func datasync(_ file: FileHandle) throws(FileSystemError) {}
    func rename(_ from: String, to: String) throws(FileSystemError) {}
    func replace(_ from: String, to: String) throws(FileSystemError) {}
    func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {}
    func remove(_ path: String) throws(FileSystemError) {}
    func createFolder(_ path: String) throws(FileSystemError) -> Bool { true }
    func syncFolder(_ path: String) throws(FileSystemError) {}
    func list(_ path: String) throws(FileSystemError) -> [FolderEntry] { [] }
    func exists(_ path: String) -> Bool { false }

    func space() throws(FileSystemError) -> DiskSpace {
        DiskSpace(totalBytes: .max, availableBytes: .max)
    }
}
