/// A file opened through a ``FileSystem``; valid only for the one that returned it.
package struct FileHandle: Hashable, Sendable {
    package let number: Int32

    package init(number: Int32) {
        self.number = number
    }
}

/// The way in which a file is opened.
package enum OpenMode: Sendable {
    /// For writing and reading back; fails when the name exists.
    case createNew
    /// For reading.
    case read
    /// For reading, truncating and writing at the end of an existing file.
    case modify
    /// For appending, created when missing; each write goes to the end.
    case append
}

/// A name in a folder.
package struct FolderEntry: Hashable, Sendable {
    package let name: String
    package let isFolder: Bool
    /// Whether it is a symbolic link, which is never followed.
    package let isLink: Bool

    package init(name: String, isFolder: Bool, isLink: Bool = false) {
        self.name = name
        self.isFolder = isFolder
        self.isLink = isLink
    }
}

/// The space on the device that holds the data folder.
package struct DiskSpace: Hashable, Sendable {
    package let totalBytes: UInt64
    package let availableBytes: UInt64
    /// The number of new files (inodes) it accepts; nil if the file system does not count them.
    package let availableFiles: UInt64?

    package init(totalBytes: UInt64, availableBytes: UInt64, availableFiles: UInt64? = nil) {
        self.totalBytes = totalBytes
        self.availableBytes = availableBytes
        self.availableFiles = availableFiles
    }
}

/// The file system calls that segments need, as a protocol so that tests can use their own disk.
///
/// Paths are relative to the data folder, parts separated by `/`, and can never leave it. All calls
/// may come from any thread; one file is used by one thread at a time. Nothing is durable before
/// ``datasync(_:)`` of the file and, for a new name, ``syncFolder(_:)`` of its folder have
/// returned.
package protocol FileSystem: Sendable {
    func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle
    func close(_ file: FileHandle)
    /// Writes all bytes at the end of the file. On an error `written` of ``FileSystemError`` is the
    /// number of bytes written, from which a caller may continue.
    func write(_ bytes: UnsafeRawBufferPointer, to file: FileHandle) throws(FileSystemError)
    /// Reads up to the buffer's size from `offset`; 0 is the end of the file.
    func read(
        _ file: FileHandle,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileSystemError) -> Int
    func size(_ file: FileHandle) throws(FileSystemError) -> Int
    /// Makes the file readable for the daemon's user only.
    func hide(_ file: FileHandle) throws(FileSystemError)
    func truncate(_ file: FileHandle, to size: Int) throws(FileSystemError)
    /// Asks the system to begin writing a file's dirty pages, without waiting. Guarantees nothing:
    /// ``datasync(_:)`` reports the errors.
    func startWriting(_ file: FileHandle)
    /// fdatasync(2). After an error the file must not be trusted: the kernel may have dropped its
    /// pages. A file without a name is an error as well (ENOENT): its content ends with its last
    /// descriptor.
    func datasync(_ file: FileHandle) throws(FileSystemError)
    /// Renames without ever replacing: an existing `to` is an error.
    func rename(_ from: String, to: String) throws(FileSystemError)
    /// Renames, and replaces the file at `to`: a reader of that name sees one or the other.
    func replace(_ from: String, to: String) throws(FileSystemError)
    func remove(_ path: String) throws(FileSystemError)
    /// Creates one folder; its parent must exist. Returns false if it existed already.
    func createFolder(_ path: String) throws(FileSystemError) -> Bool
    /// fsync(2) of a folder: its names are then durable. `""` is the data folder itself.
    func syncFolder(_ path: String) throws(FileSystemError)
    /// The names in a folder, sorted; a missing folder has none.
    func list(_ path: String) throws(FileSystemError) -> [FolderEntry]
    func exists(_ path: String) -> Bool
    /// Whether the path belongs to another user than the data folder does.
    func isForeign(_ path: String) -> Bool
    func space() throws(FileSystemError) -> DiskSpace
    /// Allocates that many bytes for the file on the device; ENOSPC if there is not enough space.
    func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError)
    /// Whether a folder is on another device than the data folder itself; false if missing.
    func isOnOtherDevice(_ folder: String) -> Bool
    /// Reserves space for `count` bytes from `offset` on, without changing the file's size; ENOSPC
    /// or EDQUOT if there is not enough.
    func reserve(_ file: FileHandle, from offset: Int, count: Int) throws(FileSystemError)
    /// Frees the space reserved after the file's end.
    func releaseReserved(_ file: FileHandle)
}

extension FileSystem {
    /// A disk may ignore the hint.
    package func startWriting(_ file: FileHandle) {}

    /// A disk in memory has no users.
    package func isForeign(_ path: String) -> Bool { false }

    /// A disk in memory is one device.
    package func isOnOtherDevice(_ folder: String) -> Bool { false }

    /// A disk in memory has space, or refuses the write.
    package func reserve(
        _ file: FileHandle,
        from offset: Int,
        count: Int
    ) throws(FileSystemError) {}

    /// Without a reservation there is nothing to free.
    package func releaseReserved(_ file: FileHandle) {}

    /// A disk in memory has no other readers.
    package func hide(_ file: FileHandle) throws(FileSystemError) {}

    /// Writes all bytes of an array at the end of the file.
    package func write(_ bytes: [UInt8], to file: FileHandle) throws(FileSystemError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(FileSystemError) in try write(bytes, to: file) }
        }
        try result.get()
    }

    /// Returns up to `count` bytes from `offset`: fewer only at the end of the file.
    package func bytes(
        of file: FileHandle,
        at offset: Int,
        count: Int
    ) throws(FileSystemError) -> [UInt8] {
        var failure: FileSystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileSystemError) {
                while filled < count {
                    let room = UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: buffer[filled..<count])
                    )
                    let added = try read(file, at: offset + filled, into: room)
                    if added == 0 { break }
                    filled += added
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Returns the size of the file at a path.
    package func size(of path: String) throws(FileSystemError) -> Int {
        let file = try open(path, .read)
        defer { close(file) }
        return try size(file)
    }

    /// Creates a folder with all its missing parents; durable only after
    /// ``DurableFolders/ensure(_:)``.
    package func createFolders(_ path: String) throws(FileSystemError) {
        var soFar = ""
        for part in DiskPath.parts(path) {
            soFar = DiskPath.join(soFar, part)
            _ = try createFolder(soFar)
        }
    }
}

/// An error of a file system call: the call, the path, and the cause.
package struct FileSystemError: Error, Equatable, CustomStringConvertible, Sendable {
    package enum Operation: String, Sendable {
        case open, write, read, size, truncate, datasync, rename, remove, createFolder, syncFolder,
            list
        case lock, space, allocate
    }

    package let operation: Operation
    package let path: String
    /// The positive errno value.
    package let code: Int32
    /// Bytes that a failed write has written.
    package let written: Int

    package init(_ operation: Operation, _ path: String, code: Int32, written: Int = 0) {
        self.operation = operation
        self.path = path
        self.code = code
        self.written = written
    }

    package var description: String {
        "\(operation.rawValue) \(path.isEmpty ? "data folder" : path): \(Self.text(of: code))"
    }
}
