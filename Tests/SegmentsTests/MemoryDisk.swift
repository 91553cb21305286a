import Disk
import Glibc

/// A disk in memory that can stop: after a number of changing calls every further one fails, as for
/// a process killed there.
///
/// The call at which it stops may still do half of a write. For one thread.
final class MemoryDisk: FileSystem, @unchecked Sendable {
    struct State {
        var files: [String: [UInt8]] = [:]
        var folders: Set<String> = [""]
        var handles: [Int32: String] = [:]
        var nextHandle: Int32 = 1
        var handlesMax = 0
        /// The content that open handles still read of files without a name.
        var removed: [Int32: [UInt8]] = [:]
        var changes = 0
        var stopAfter = Int.max
        var tearsLastWrite = false
    }

    private var state = State()

    var files: [String: [UInt8]] { state.files }
    var changes: Int { state.changes }

    func put(_ bytes: [UInt8], at path: String) {
        state.files[path] = bytes
        var folder = DiskPath.split(path).folder
        while !folder.isEmpty {
            state.folders.insert(folder)
            folder = DiskPath.split(folder).folder
        }
    }

    func remove(path: String) { state.files[path] = nil }

    func stop(after changes: Int, tearing: Bool) {
        state.changes = 0
        state.stopAfter = changes
        state.tearsLastWrite = tearing
    }

    /// Returns a copy with the same files that continues to run.
    func restarted() -> MemoryDisk {
        let copy = MemoryDisk()
        copy.state = State(files: state.files, folders: state.folders)
        return copy
    }

    private func change<Value>(
        _ operation: FileSystemError.Operation,
        _ path: String,
        body: (inout State) throws(FileSystemError) -> Value
    ) throws(FileSystemError) -> Value {
        state.changes += 1
        guard state.changes <= state.stopAfter else {
            throw FileSystemError(operation, path, code: EIO)
        }
        return try body(&state)
    }

    private func look<Value>(
        _ body: (inout State) throws(FileSystemError) -> Value
    ) throws(FileSystemError) -> Value {
        try body(&state)
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        let exists = state.files[path] != nil
        switch mode {
        case .read, .modify:
            if !exists { throw FileSystemError(.open, path, code: ENOENT) }
        case .createNew:
            if exists { throw FileSystemError(.open, path, code: EEXIST) }
            try change(.open, path) { $0.files[path] = [] }
        case .append:
            if !exists { try change(.open, path) { $0.files[path] = [] } }
        }
        return try look { state in
            let number = state.nextHandle
            state.nextHandle += 1
            state.handles[number] = path
            state.handlesMax = max(state.handlesMax, state.handles.count)
            return FileHandle(number: number)
        }
    }

    func close(_ file: FileHandle) {
        state.handles[file.number] = nil
        state.removed[file.number] = nil
    }

    /// How many files are open, and the maximum so far.
    var openHandles: Int { state.handles.count }
    var openHandlesMax: Int { state.handlesMax }

    private func path(of file: FileHandle) -> String {
        state.handles[file.number] ?? "closed file"
    }

    func write(_ bytes: UnsafeRawBufferPointer, to file: FileHandle) throws(FileSystemError) {
        let path = path(of: file)
        if state.tearsLastWrite, state.changes == state.stopAfter {
            state.files[path, default: []] += bytes.prefix(bytes.count / 2)
        }
        try change(.write, path) { $0.files[path, default: []] += bytes }
    }

    func read(
        _ file: FileHandle,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileSystemError) -> Int {
        let path = path(of: file)
        return try look { state in
            let all = state.removed[file.number] ?? state.files[path, default: []]
            let bytes = all.dropFirst(offset).prefix(buffer.count)
            buffer.copyBytes(from: bytes)
            return bytes.count
        }
    }

    func size(_ file: FileHandle) throws(FileSystemError) -> Int {
        let path = path(of: file)
        return try look { $0.files[path, default: []].count }
    }

    func truncate(_ file: FileHandle, to size: Int) throws(FileSystemError) {
        let path = path(of: file)
        try change(.truncate, path) { state in
            state.files[path] = Array(state.files[path, default: []].prefix(size))
        }
    }

    func datasync(_ file: FileHandle) throws(FileSystemError) {
        try change(.datasync, path(of: file)) { _ in }
    }

    func rename(_ from: String, to: String) throws(FileSystemError) {
        try change(.rename, from) { (state) throws(FileSystemError) in
            guard let bytes = state.files[from] else {
                throw FileSystemError(.rename, from, code: ENOENT)
            }
            guard state.files[to] == nil else { throw FileSystemError(.rename, to, code: EEXIST) }
            state.files[from] = nil
            state.files[to] = bytes
            for (number, path) in state.handles where path == from { state.handles[number] = to }
        }
    }

    func replace(_ from: String, to: String) throws(FileSystemError) {
        try change(.rename, from) { (state) throws(FileSystemError) in
            guard let bytes = state.files.removeValue(forKey: from) else {
                throw FileSystemError(.rename, from, code: ENOENT)
            }
            state.files[to] = bytes
            for (number, path) in state.handles where path == from { state.handles[number] = to }
        }
    }

    func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {}

    func remove(_ path: String) throws(FileSystemError) {
        try change(.remove, path) { (state) throws(FileSystemError) in
            guard let bytes = state.files.removeValue(forKey: path) else {
                throw FileSystemError(.remove, path, code: ENOENT)
            }
            for (number, name) in state.handles where name == path { state.removed[number] = bytes }
        }
    }

    func createFolder(_ path: String) throws(FileSystemError) -> Bool {
        if state.folders.contains(path) { return false }
        return try change(.createFolder, path) { $0.folders.insert(path).inserted }
    }

    func syncFolder(_ path: String) throws(FileSystemError) {
        try change(.syncFolder, path) { _ in }
    }

    func list(_ path: String) throws(FileSystemError) -> [FolderEntry] {
        let files = state.files.keys.filter { DiskPath.split($0).folder == path }
        let folders = state.folders.filter { !$0.isEmpty && DiskPath.split($0).folder == path }
        let entries =
            files.map { FolderEntry(name: DiskPath.split($0).name, isFolder: false) }
            + folders.map { FolderEntry(name: DiskPath.split($0).name, isFolder: true) }
        return entries.sorted { $0.name < $1.name }
    }

    func exists(_ path: String) -> Bool {
        state.files[path] != nil || state.folders.contains(path)
    }

    func space() throws(FileSystemError) -> DiskSpace {
        DiskSpace(totalBytes: 1 << 40, availableBytes: 1 << 39)
    }
}
