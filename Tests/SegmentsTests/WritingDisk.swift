import Disk
import Glibc
import Synchronization

/// The real disk, with a log of its calls, and failures on request.
final class WritingDisk: FileSystem {
    struct Fault: Sendable {
        var operation: FileSystemError.Operation
        /// Only calls on a path with this suffix; "" is any.
        var suffix = ""
        var code: Int32
        /// Calls of this kind that still succeed.
        var after = 0
        /// Calls that fail then.
        var times = 1
        /// Bytes that a failing write takes before it fails.
        var taken = 0
    }

    private struct State {
        var faults: [Fault] = []
        var log: [String] = []
        var names: [FileHandle: String] = [:]
        var opened = 0
        var openedMost = 0
        var foreign: Set<String> = []
    }

    private let real: PosixFileSystem
    private let state = Mutex(State())

    init(directory: String) throws { real = try PosixFileSystem(directory: directory) }

    /// The calls, as `operation path`, in order.
    var log: [String] { state.withLock { $0.log } }
    /// The most files open at once.
    var openedMost: Int { state.withLock { $0.openedMost } }
    var opened: Int { state.withLock { $0.opened } }

    func fail(_ fault: Fault) { state.withLock { $0.faults.append(fault) } }
    /// Marks a folder as another user's.
    func give(_ path: String) { state.withLock { _ = $0.foreign.insert(path) } }
    func clearLog() { state.withLock { $0.log = [] } }

    private func name(_ file: FileHandle) -> String { state.withLock { $0.names[file] ?? "?" } }

    /// Records a call; returns the fault that applies to it.
    private func note(_ operation: FileSystemError.Operation, _ path: String) -> Fault? {
        state.withLock { state in
            state.log.append("\(operation.rawValue) \(path)")
            for at in state.faults.indices {
                let fault = state.faults[at]
                guard fault.operation == operation, path.hasSuffix(fault.suffix), fault.times > 0
                else { continue }
                if fault.after > 0 {
                    state.faults[at].after -= 1
                    continue
                }
                state.faults[at].times -= 1
                return fault
            }
            return nil
        }
    }

    private func check(
        _ operation: FileSystemError.Operation,
        _ path: String
    ) throws(FileSystemError) {
        if let fault = note(operation, path) {
            throw FileSystemError(operation, path, code: fault.code)
        }
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        try check(.open, path)
        let file = try real.open(path, mode)
        state.withLock { state in
            state.names[file] = path
            state.opened += 1
            state.openedMost = max(state.openedMost, state.opened)
        }
        return file
    }

    func close(_ file: FileHandle) {
        state.withLock { state in
            state.names[file] = nil
            state.opened -= 1
        }
        real.close(file)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to file: FileHandle) throws(FileSystemError) {
        let path = name(file)
        if let fault = note(.write, path) {
            let taken = min(fault.taken, bytes.count - 1)
            try real.write(UnsafeRawBufferPointer(rebasing: bytes[..<taken]), to: file)
            throw FileSystemError(.write, path, code: fault.code, written: taken)
        }
        try real.write(bytes, to: file)
    }

    func read(
        _ file: FileHandle,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileSystemError) -> Int {
        try real.read(file, at: offset, into: buffer)
    }

    func size(_ file: FileHandle) throws(FileSystemError) -> Int { try real.size(file) }

    func truncate(_ file: FileHandle, to size: Int) throws(FileSystemError) {
        try real.truncate(file, to: size)
    }

    func datasync(_ file: FileHandle) throws(FileSystemError) {
        try check(.datasync, name(file))
        try real.datasync(file)
    }

    func rename(_ from: String, to: String) throws(FileSystemError) {
        try check(.rename, to)
        try real.rename(from, to: to)
    }

    func replace(_ from: String, to: String) throws(FileSystemError) {
        try check(.rename, to)
        try real.replace(from, to: to)
        state.withLock { state in
            for (file, path) in state.names where path == from { state.names[file] = to }
        }
    }

    func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {
        try real.allocate(file, bytes: bytes)
    }

    func remove(_ path: String) throws(FileSystemError) { try real.remove(path) }

    func createFolder(_ path: String) throws(FileSystemError) -> Bool {
        try check(.createFolder, path)
        return try real.createFolder(path)
    }

    func syncFolder(_ path: String) throws(FileSystemError) {
        try check(.syncFolder, path)
        try real.syncFolder(path)
    }

    func list(_ path: String) throws(FileSystemError) -> [FolderEntry] {
        try check(.list, path)
        return try real.list(path)
    }
    func exists(_ path: String) -> Bool { real.exists(path) }
    func isForeign(_ path: String) -> Bool { state.withLock { $0.foreign.contains(path) } }
    func space() throws(FileSystemError) -> DiskSpace { try real.space() }
}
