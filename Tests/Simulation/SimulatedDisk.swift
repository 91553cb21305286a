import Glibc
package import Segments

/// A disk in memory that knows what is durable, and that fails, stops and lies where it is told to.
///
/// One thread.
package final class SimulatedDisk: FileSystem, @unchecked Sendable {
    /// An error at the n-th call.
    package struct Fault: Sendable {
        /// The call that fails, counted from 0 over all that can fail.
        package var call: Int
        package var code: Int32
        /// Whether every further call fails as well.
        package var isForEver: Bool
        /// Bytes that a failing write takes first.
        package var taken = 0

        package init(call: Int, code: Int32, isForEver: Bool, taken: Int = 0) {
            self.call = call
            self.code = code
            self.isForEver = isForEver
            self.taken = taken
        }
    }

    package var state: DiskState
    package var fault: Fault?
    /// Whether the fault has struck.
    package private(set) var hasFailed = false
    /// Changing calls that are still done; every further call of any kind fails, as for a process
    /// that was killed there.
    package var changesLeft = Int.max
    package var weakening: Weakening?
    /// Told before every call that changes something: the path.
    package var beforeChange: ((String) -> Void)?
    package private(set) var calls = 0
    package private(set) var changes = 0

    private var handles: [Int32: (file: Int, path: String)] = [:]
    private var nextHandle: Int32 = 1
    /// Renames that a weakened disk holds back.
    private var heldRenames: [(from: String, to: String)] = []

    package init(_ state: DiskState = DiskState(), weakening: Weakening? = nil) {
        self.state = state
        self.weakening = weakening
    }

    /// Files open now.
    package var openFiles: Int { handles.count }

    private func look(
        _ operation: FileSystemError.Operation,
        _ path: String
    ) throws(FileSystemError) {
        calls += 1
        guard changesLeft > 0 else { throw FileSystemError(operation, path, code: EIO) }
        if let fault, fault.call == calls - 1 || fault.isForEver && fault.call < calls {
            hasFailed = true
            throw FileSystemError(operation, path, code: fault.code)
        }
    }

    private func change(
        _ operation: FileSystemError.Operation,
        _ path: String
    ) throws(FileSystemError) {
        if changesLeft > 0 { beforeChange?(path) }
        try look(operation, path)
        changesLeft -= 1
        changes += 1
    }

    private func number(_ file: FileHandle) -> Int { handles[file.number]?.file ?? 0 }

    private func path(_ file: FileHandle) -> String { handles[file.number]?.path ?? "" }

    // MARK: - Files

    package func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        let node = state.node(path)
        var number = 0
        switch (node, mode) {
        case (.file(let found), .read), (.file(let found), .modify), (.file(let found), .append):
            try look(.open, path)
            number = found
        case (nil, .createNew), (nil, .append):
            try change(.open, path)
            guard state.names[Layout.split(path).folder] != nil else {
                throw FileSystemError(.open, path, code: ENOENT)
            }
            number = state.createFile(path)
        case (nil, _): throw FileSystemError(.open, path, code: ENOENT)
        case (.folder, _): throw FileSystemError(.open, path, code: EISDIR)
        case (_, .createNew): throw FileSystemError(.open, path, code: EEXIST)
        }
        nextHandle += 1
        handles[nextHandle] = (number, path)
        return FileHandle(number: nextHandle)
    }

    package func close(_ file: FileHandle) { handles[file.number] = nil }

    package func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: FileHandle
    ) throws(FileSystemError) {
        do throws(FileSystemError) {
            try change(.write, path(file))
        } catch {
            let taken = changesLeft > 0 ? min(fault?.taken ?? 0, bytes.count - 1) : 0
            state.append(
                UnsafeRawBufferPointer(rebasing: bytes[..<max(0, taken)]),
                to: number(file)
            )
            throw FileSystemError(.write, "", code: error.code, written: max(0, taken))
        }
        state.append(bytes, to: number(file))
    }

    package func read(
        _ file: FileHandle,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileSystemError) -> Int {
        try look(.read, "")
        guard let memory = state.files[number(file)]?.memory, offset < memory.count else {
            return 0
        }
        let count = min(buffer.count, memory.count - offset)
        memory.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
        }
        return count
    }

    package func size(_ file: FileHandle) throws(FileSystemError) -> Int {
        try look(.size, "")
        return state.files[number(file)]?.memory.count ?? 0
    }

    package func truncate(_ file: FileHandle, to size: Int) throws(FileSystemError) {
        try change(.truncate, path(file))
        state.cut(number(file), to: size)
    }

    package func datasync(_ file: FileHandle) throws(FileSystemError) {
        let path = path(file)
        do throws(FileSystemError) {
            try change(.datasync, path)
        } catch {
            if changesLeft > 0 { state.dropPages(number(file)) }
            throw error
        }
        guard state.isNamed(number(file)) else {
            throw FileSystemError(.datasync, path, code: ENOENT)
        }
        if weakening?.skipsDatasync(path) == true { return }
        state.datasync(number(file))
        if weakening == .manifestBeforeRename, path.hasPrefix(Layout.manifest) { releaseRenames() }
    }

    // MARK: - Names

    package func rename(_ from: String, to: String) throws(FileSystemError) {
        try change(.rename, from)
        guard let node = state.node(from) else {
            throw FileSystemError(.rename, from, code: ENOENT)
        }
        guard state.node(to) == nil else { throw FileSystemError(.rename, to, code: EEXIST) }
        if weakening == .manifestBeforeRename {
            heldRenames.append((from, to))
        } else {
            state.rename(from, to: to, node)
        }
    }

    package func replace(_ from: String, to: String) throws(FileSystemError) {
        try change(.rename, from)
        guard let node = state.node(from) else {
            throw FileSystemError(.rename, from, code: ENOENT)
        }
        state.rename(from, to: to, node)
    }

    package func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {
        try look(.allocate, path(file))
    }

    private func releaseRenames() {
        for held in heldRenames {
            guard let node = state.node(held.from) else { continue }
            state.rename(held.from, to: held.to, node)
            state.syncFolder(Layout.split(held.to).folder)
        }
        heldRenames = []
    }

    package func remove(_ path: String) throws(FileSystemError) {
        try change(.remove, path)
        guard case .file = state.node(path) else {
            throw FileSystemError(.remove, path, code: ENOENT)
        }
        state.remove(path)
        if weakening == .recoveryRemovesFirst { state.syncLastRemoval() }
    }

    package func createFolder(_ path: String) throws(FileSystemError) -> Bool {
        if state.names[path] != nil {
            try look(.createFolder, path)
            return false
        }
        try change(.createFolder, path)
        guard state.names[Layout.split(path).folder] != nil else {
            throw FileSystemError(.createFolder, path, code: ENOENT)
        }
        state.create(path, .folder)
        return true
    }

    package func syncFolder(_ path: String) throws(FileSystemError) {
        try change(.syncFolder, path)
        if weakening?.skipsFolderSync(path, in: state) == true { return }
        state.syncFolder(path)
    }

    package func list(_ path: String) throws(FileSystemError) -> [FolderEntry] {
        try look(.list, path)
        let entries = state.names[path] ?? [:]
        return entries.map { FolderEntry(name: $0.key, isFolder: $0.value == .folder) }
            .sorted { $0.name < $1.name }
    }

    package func exists(_ path: String) -> Bool { state.node(path) != nil }

    package func space() throws(FileSystemError) -> DiskSpace {
        DiskSpace(totalBytes: 1 << 40, availableBytes: 1 << 39)
    }
}
