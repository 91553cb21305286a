import Glibc
import Platform

/// The real disk below one data folder.
///
/// Every path is opened relative to the folder's descriptor and without following symbolic links,
/// so no partition value or file name can lead outside. EINTR is retried here and nowhere else.
package final class PosixFileSystem: FileSystem {
    private let root: Int32
    /// The data folder's path as configured, for messages.
    package let directory: String

    /// Opens the data folder, creating it with its parents when missing (mode 0750).
    package init(directory: String) throws(FileSystemError) {
        self.directory = directory
        try Self.makeFolders(directory)
        root = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else { throw FileSystemError(.open, directory, code: errno) }
    }

    deinit {
        Glibc.close(root)
    }

    private static func makeFolders(_ directory: String) throws(FileSystemError) {
        var path = directory.hasPrefix("/") ? "/" : ""
        for part in directory.split(separator: "/") {
            path += path.isEmpty || path.hasSuffix("/") ? String(part) : "/\(part)"
            guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
                throw FileSystemError(.createFolder, path, code: errno)
            }
        }
    }

    package func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        let flags =
            switch mode {
            case .createNew: O_RDWR | O_CREAT | O_EXCL | O_APPEND
            case .read: O_RDONLY
            case .modify: O_RDWR | O_APPEND
            case .append: O_WRONLY | O_CREAT | O_APPEND
            }
        return FileHandle(number: try descriptor(path, flags, for: .open))
    }

    package func close(_ file: FileHandle) {
        Glibc.close(file.number)
    }

    package func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: FileHandle
    ) throws(FileSystemError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = Glibc.write(file.number, rest.baseAddress, rest.count)
            if count > 0 {
                written += count
            } else if errno != EINTR {
                throw FileSystemError(.write, "", code: count == 0 ? EIO : errno, written: written)
            }
        }
    }

    package func read(
        _ file: FileHandle,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileSystemError) -> Int {
        while true {
            let count = pread(file.number, buffer.baseAddress, buffer.count, offset)
            if count >= 0 { return count }
            if errno != EINTR { throw FileSystemError(.read, "", code: errno) }
        }
    }

    package func size(_ file: FileHandle) throws(FileSystemError) -> Int {
        var status = stat()
        guard fstat(file.number, &status) == 0 else {
            throw FileSystemError(.size, "", code: errno)
        }
        return Int(status.st_size)
    }

    package func truncate(_ file: FileHandle, to size: Int) throws(FileSystemError) {
        while ftruncate(file.number, size) != 0 {
            if errno != EINTR { throw FileSystemError(.truncate, "", code: errno) }
        }
    }

    package func hide(_ file: FileHandle) throws(FileSystemError) {
        guard fchmod(file.number, 0o600) == 0 else {
            throw FileSystemError(.open, "", code: errno)
        }
    }

    package func startWriting(_ file: FileHandle) {
        FileCalls.startWriting(file.number)
    }

    package func datasync(_ file: FileHandle) throws(FileSystemError) {
        // Not even EINTR is retried: after any failure the pages may be gone.
        guard fdatasync(file.number) == 0 else { throw FileSystemError(.datasync, "", code: errno) }
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_nlink > 0 else {
            throw FileSystemError(.datasync, "", code: ENOENT)
        }
    }

    package func rename(_ from: String, to: String) throws(FileSystemError) {
        let (old, oldName) = try parent(of: from, for: .rename)
        defer { Glibc.close(old) }
        let (new, newName) = try parent(of: to, for: .rename)
        defer { Glibc.close(new) }
        let result = FileCalls.renameWithoutReplacing(oldName, in: old, to: newName, in: new)
        guard result == 0 else { throw FileSystemError(.rename, "\(from) to \(to)", code: -result) }
    }

    package func replace(_ from: String, to: String) throws(FileSystemError) {
        let (old, oldName) = try parent(of: from, for: .rename)
        defer { Glibc.close(old) }
        let (new, newName) = try parent(of: to, for: .rename)
        defer { Glibc.close(new) }
        guard renameat(old, oldName, new, newName) == 0 else {
            throw FileSystemError(.rename, "\(from) to \(to)", code: errno)
        }
    }

    package func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {
        let code = posix_fallocate(file.number, 0, bytes)
        guard code == 0 else { throw FileSystemError(.allocate, "", code: code) }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        let (folder, name) = try parent(of: path, for: .remove)
        defer { Glibc.close(folder) }
        guard unlinkat(folder, name, 0) == 0 else {
            throw FileSystemError(.remove, path, code: errno)
        }
    }

    package func createFolder(_ path: String) throws(FileSystemError) -> Bool {
        let (folder, name) = try parent(of: path, for: .createFolder)
        defer { Glibc.close(folder) }
        if mkdirat(folder, name, 0o750) == 0 { return true }
        guard errno == EEXIST else { throw FileSystemError(.createFolder, path, code: errno) }
        return false
    }

    package func syncFolder(_ path: String) throws(FileSystemError) {
        let folder = try descriptor(
            path.isEmpty ? "." : path,
            O_RDONLY | O_DIRECTORY,
            for: .syncFolder
        )
        defer { Glibc.close(folder) }
        guard fsync(folder) == 0 else { throw FileSystemError(.syncFolder, path, code: errno) }
    }

    package func exists(_ path: String) -> Bool {
        status(of: path) != nil
    }

    package func isForeign(_ path: String) -> Bool {
        guard let found = status(of: path), let own = status(of: "") else { return false }
        return found.st_uid != own.st_uid
    }

    package func isOnOtherDevice(_ folder: String) -> Bool {
        guard let found = status(of: folder, in: root), let own = status(of: "") else {
            return false
        }
        return found.st_dev != own.st_dev
    }

    /// Returns the status of a path, for a link its own; nil if nothing is there.
    private func status(of path: String) -> stat? {
        if path.isEmpty { return status(of: ".", in: root) }
        guard let (folder, name) = try? parent(of: path, for: .open) else { return nil }
        defer { Glibc.close(folder) }
        return status(of: name, in: folder)
    }

    /// Does the same without opening anything; `path` may lead through links.
    ///
    /// fstatat(2), not faccessat2(2): the filters of some containers refuse new system calls.
    private func status(of path: String, in folder: Int32) -> stat? {
        var status = stat()
        return fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }

    package func space() throws(FileSystemError) -> DiskSpace {
        switch FileCalls.space(of: root) {
        case .failure(let error): throw FileSystemError(.space, "", code: error.code)
        case .success(let room):
            return DiskSpace(
                totalBytes: room.totalBytes,
                availableBytes: room.availableBytes,
                availableFiles: room.availableFiles
            )
        }
    }

    /// Opens the folder of `path`'s last part without leaving the data folder, and returns that
    /// part: for the calls that have no such protection themselves.
    private func parent(
        of path: String,
        for operation: FileSystemError.Operation
    ) throws(FileSystemError) -> (folder: Int32, name: String) {
        let (folder, name) = DiskPath.split(path)
        guard name != "..", folder.isEmpty ? !path.hasPrefix("/") : true else {
            throw FileSystemError(operation, path, code: EXDEV)
        }
        do throws(FileSystemError) {
            let number = try descriptor(
                folder.isEmpty ? "." : folder,
                O_RDONLY | O_DIRECTORY,
                for: operation
            )
            return (number, name)
        } catch {
            throw FileSystemError(operation, path, code: error.code)
        }
    }

    private func descriptor(
        _ path: String,
        _ flags: Int32,
        for operation: FileSystemError.Operation
    ) throws(FileSystemError) -> Int32 {
        let result = FileCalls.open(beneath: root, path, flags: flags, mode: 0o640)
        guard result >= 0 else { throw FileSystemError(operation, path, code: -result) }
        return result
    }
}

extension PosixFileSystem {
    package func list(_ path: String) throws(FileSystemError) -> [FolderEntry] {
        let folder: Int32
        do {
            folder = try descriptor(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY, for: .list)
        } catch {
            // A caller that takes a full folder for an empty one may do irreversible harm.
            guard error.isMissing, !path.isEmpty, status(of: path, in: root) == nil else {
                throw error
            }
            return []
        }
        guard let stream = fdopendir(folder) else {
            Glibc.close(folder)
            throw FileSystemError(.list, path, code: errno)
        }
        defer { closedir(stream) }
        var entries: [FolderEntry] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." {
                let kind = kind(of: entry, in: folder)
                entries.append(
                    FolderEntry(name: name, isFolder: kind == S_IFDIR, isLink: kind == S_IFLNK)
                )
            }
            errno = 0
        }
        guard errno == 0 else { throw FileSystemError(.list, path, code: errno) }
        return entries.sorted { $0.name < $1.name }
    }

    /// Some file systems do not return the kind with the name; then it is looked up.
    private func kind(of entry: UnsafeMutablePointer<dirent>, in folder: Int32) -> mode_t {
        if entry.pointee.d_type != UInt8(DT_UNKNOWN) { return mode_t(entry.pointee.d_type) << 12 }
        var status = stat()
        let found = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW)
            }
        }
        return found == 0 ? status.st_mode & S_IFMT : 0
    }
}
