import Archive
package import Disk
import Glibc

/// A disk in memory that knows which data is durable, and fails, stops and misbehaves on request.
///
/// For one thread.
package final class SimulatedDisk: FileSystem, @unchecked Sendable {
    /// An error at the n-th call.
    package struct Fault: Sendable {
        /// The call that fails, counted from 0 over all calls that can fail.
        package var call: Int
        package var code: Int32
        /// Whether every further call fails as well.
        package var isForEver: Bool
        /// Bytes that a failing write accepts first.
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
    /// Whether the fault has occurred.
    package private(set) var hasFailed = false
    /// Changing calls that still succeed; every further call of any kind fails, as for a process
    /// killed there.
    package var changesLeft = Int.max
    package var weakening: Weakening?
    /// Called with the path before every call that changes something.
    package var beforeChange: ((String) -> Void)?
    /// See ``stop(after:tearing:)``.
    private var stopsAtChange = false
    private var tearsLastWrite = false
    private var isStopped = false
    package private(set) var calls = 0
    package private(set) var changes = 0

    /// By handle number, from 1: the file, and the place where it was opened; nil once closed.
    private var handles: [(file: Int, place: Int)?] = [nil]
    /// The number of open files.
    package private(set) var openFiles = 0
    /// The most files open at once.
    package private(set) var openFilesMost = 0
    /// Renames that a weakened disk delays.
    private var heldRenames: [(from: Int, to: Int)] = []

    package init(_ state: DiskState = DiskState(), weakening: Weakening? = nil) {
        self.state = state
        self.weakening = weakening
    }

    private func look(
        _ operation: FileSystemError.Operation,
        _ path: String
    ) throws(FileSystemError) {
        calls += 1
        guard changesLeft > 0 || stopsAtChange && !isStopped else {
            throw FileSystemError(operation, path, code: EIO)
        }
        if let fault, fault.call == calls - 1 || fault.isForEver && fault.call < calls {
            hasFailed = true
            throw FileSystemError(operation, path, code: fault.code)
        }
    }

    private func change(
        _ operation: FileSystemError.Operation,
        _ path: String
    ) throws(FileSystemError) {
        if changesLeft > 0 { beforeChange?(path) } else { isStopped = true }
        try look(operation, path)
        changesLeft -= 1
        changes += 1
    }

    /// Stops at the changing call after so many that succeed, which are counted anew.
    ///
    /// - `tearing`: if that call is a write, half of it is done.
    package func stop(after changes: Int, tearing: Bool) {
        (changesLeft, self.changes) = (changes, 0)
        (stopsAtChange, tearsLastWrite, isStopped) = (true, tearing, false)
    }

    private func number(_ file: FileHandle) -> Int { handles[Int(file.number)]?.file ?? 0 }

    private func path(_ file: FileHandle) -> String {
        state.paths.places[handles[Int(file.number)]?.place ?? 0].path
    }

    private func isFolder(_ place: Int) -> Bool { state.names[place] == .folder }

    // MARK: - Files

    package func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        let place = state.paths.place(path)
        let node = state.names[place]
        if node == .folder { throw FileSystemError(.open, path, code: EISDIR) }
        let number: Int
        if let found = node.file {
            if mode == .createNew { throw FileSystemError(.open, path, code: EEXIST) }
            try look(.open, path)
            number = found
        } else {
            guard mode == .createNew || mode == .append else {
                throw FileSystemError(.open, path, code: ENOENT)
            }
            try change(.open, path)
            guard isFolder(state.paths.places[place].folder) else {
                throw FileSystemError(.open, path, code: ENOENT)
            }
            number = state.createFile(place)
        }
        handles.append((number, place))
        openFiles += 1
        openFilesMost = max(openFilesMost, openFiles)
        return FileHandle(number: Int32(handles.count - 1))
    }

    package func close(_ file: FileHandle) {
        guard handles[Int(file.number)] != nil else { return }
        handles[Int(file.number)] = nil
        openFiles -= 1
    }

    package func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: FileHandle
    ) throws(FileSystemError) {
        let tears = tearsLastWrite && changesLeft == 0 && !isStopped
        do throws(FileSystemError) {
            try change(.write, path(file))
        } catch {
            let torn = tears ? bytes.count / 2 : 0
            let taken = changesLeft > 0 ? min(fault?.taken ?? 0, bytes.count - 1) : torn
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
        let number = number(file)
        return state.files[number].memory.withUnsafeBytes { memory in
            let count = max(0, min(buffer.count, memory.count - offset))
            guard count > 0 else { return 0 }
            buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + count])
            )
            return count
        }
    }

    package func size(_ file: FileHandle) throws(FileSystemError) -> Int {
        try look(.size, "")
        return state.files[number(file)].memory.count
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
        if weakening == .manifestBeforeRename, path.hasPrefix(SegmentFormat.manifest) {
            releaseRenames()
        }
    }

    // MARK: - Names

    package func rename(_ from: String, to: String) throws(FileSystemError) {
        try change(.rename, from)
        let (old, new) = (state.paths.place(from), state.paths.place(to))
        guard state.names[old] != .nothing else {
            throw FileSystemError(.rename, from, code: ENOENT)
        }
        guard state.names[new] == .nothing else {
            throw FileSystemError(.rename, to, code: EEXIST)
        }
        if weakening == .manifestBeforeRename {
            heldRenames.append((old, new))
        } else {
            state.rename(old, to: new)
        }
    }

    package func replace(_ from: String, to: String) throws(FileSystemError) {
        try change(.rename, from)
        let (old, new) = (state.paths.place(from), state.paths.place(to))
        guard state.names[old] != .nothing else {
            throw FileSystemError(.rename, from, code: ENOENT)
        }
        state.rename(old, to: new)
    }

    package func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {
        try look(.allocate, path(file))
    }

    private func releaseRenames() {
        for held in heldRenames where state.names[held.from] != .nothing {
            state.rename(held.from, to: held.to)
            state.syncFolder(state.paths.places[held.to].folder)
        }
        heldRenames = []
    }

    package func remove(_ path: String) throws(FileSystemError) {
        try change(.remove, path)
        let place = state.paths.place(path)
        guard state.names[place].file != nil else {
            throw FileSystemError(.remove, path, code: ENOENT)
        }
        state.remove(place)
        if weakening == .recoveryRemovesFirst { state.syncLastRemoval() }
    }

    package func createFolder(_ path: String) throws(FileSystemError) -> Bool {
        let place = state.paths.place(path)
        if isFolder(place) {
            try look(.createFolder, path)
            return false
        }
        try change(.createFolder, path)
        guard isFolder(state.paths.places[place].folder) else {
            throw FileSystemError(.createFolder, path, code: ENOENT)
        }
        state.create(place, .folder)
        return true
    }

    package func syncFolder(_ path: String) throws(FileSystemError) {
        try change(.syncFolder, path)
        let folder = state.paths.place(path)
        if weakening?.skipsFolderSync(folder, in: state) == true { return }
        state.syncFolder(folder)
    }

    package func list(_ path: String) throws(FileSystemError) -> [FolderEntry] {
        try look(.list, path)
        let folder = state.paths.place(path)
        guard isFolder(folder) else { return [] }
        return state.paths.places[folder].inner.compactMap { place in
            let node = state.names[place]
            if node == .nothing { return nil }
            return FolderEntry(name: state.paths.places[place].name, isFolder: node == .folder)
        }
    }

    package func exists(_ path: String) -> Bool { state.node(path) != .nothing }

    package func space() throws(FileSystemError) -> DiskSpace {
        DiskSpace(totalBytes: 1 << 40, availableBytes: 1 << 39)
    }
}
