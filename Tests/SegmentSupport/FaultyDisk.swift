package import Disk
import Glibc
import Synchronization

/// A real disk with a log of its calls, on which calls fail or wait on request.
///
/// It knows what was synced, and can lose the rest. Any thread may call.
package final class FaultyDisk: FileSystem {
    /// Calls that fail; see ``fail(_:suffix:code:after:times:taken:)``.
    private struct Fault {
        var operation: FileSystemError.Operation
        var suffix = ""
        var code: Int32
        var after = 0
        var times = 1
        var taken = 0
    }

    /// How the disk behaves until it is told otherwise.
    package struct Conditions {
        /// Syncs of files whose path contains this wait; "" is any.
        package var holdsSyncsOf: String?
        /// Files whose path contains this cannot be opened: callers wait.
        package var holdsOpensOf: String?
        /// Failing syncs report no error: it simulates a path that syncs a failed file again and
        /// trusts the result.
        package var forgetsFailures = false
        /// Syncs report success and do nothing.
        package var skipsSyncs = false
        /// All writes fail with ENOSPC.
        package var isFull = false
        /// The most files open at a time; beyond it EMFILE.
        package var openMax = Int.max
        /// Free bytes it reports; nil for the real ones.
        package var availableBytes: UInt64?
        /// Written bytes reduce the free bytes that it reports.
        package var shrinks = false
        /// Folders of this name are on another device.
        package var otherDevice: String?
        /// Files whose path contains this find no room (ENOSPC), and no new ones can be created.
        package var hasNoRoomFor: String?
        /// Folders that another user owns.
        package var foreign: Set<String> = []
    }

    private struct State {
        var conditions = Conditions()
        var faults: [Fault] = []
        var log: [String] = []
        var names: [FileHandle: String] = [:]
        var syncedBytes: [String: Int] = [:]
        /// Files whose sync has failed: as on Linux, the next sync succeeds, but nothing written
        /// before it is on the disk.
        var poisoned: Set<FileHandle> = []
        /// Files whose name is durable.
        var named: Set<String> = []
        var created: Set<String> = []
        var counts = Counts()
        var writtenBytes: UInt64 = 0

        /// Records a call; returns the fault that applies to it.
        mutating func note(_ operation: FileSystemError.Operation, _ path: String) -> Fault? {
            log.append("\(operation.rawValue) \(path)")
            for at in faults.indices {
                let fault = faults[at]
                guard fault.operation == operation, path.hasSuffix(fault.suffix), fault.times > 0
                else { continue }
                if fault.after > 0 {
                    faults[at].after -= 1
                    continue
                }
                faults[at].times -= 1
                return fault
            }
            return nil
        }

        /// Notes that a file has a new name.
        mutating func move(_ from: String, to: String) {
            created.remove(from)
            created.insert(to)
            syncedBytes[to] = syncedBytes.removeValue(forKey: from)
        }
    }

    /// Calls so far, unless stated otherwise.
    package struct Counts: Sendable {
        /// Syncs and opens that wait now.
        package var syncsHeld = 0
        package var opensHeld = 0
        /// Syncs that are done.
        package var syncs = 0
        /// Calls refused for lack of room.
        package var refusals = 0
        /// The most files open at once.
        package var openedMost = 0
        /// Uses of files that were already closed.
        package var violations: [String] = []
    }

    package let real: PosixFileSystem
    private let state = Mutex(State())

    package init(directory: String) throws(FileSystemError) {
        real = try PosixFileSystem(directory: directory)
    }

    package func set(_ change: (inout Conditions) -> Void) {
        state.withLock { change(&$0.conditions) }
    }

    /// Lets calls fail.
    ///
    /// - `suffix`: only calls on a path with it fail; "" is any.
    /// - `after`: calls of this kind that still succeed.
    /// - `times`: calls that fail then.
    /// - `taken`: bytes that a failing write takes before it fails.
    package func fail(
        _ operation: FileSystemError.Operation,
        suffix: String = "",
        code: Int32,
        after: Int = 0,
        times: Int = 1,
        taken: Int = 0
    ) {
        let fault = Fault(
            operation: operation,
            suffix: suffix,
            code: code,
            after: after,
            times: times,
            taken: taken
        )
        state.withLock { $0.faults.append(fault) }
    }

    /// Lets all calls succeed that would still fail.
    package func heal() { state.withLock { $0.faults = [] } }

    package var counts: Counts { state.withLock { $0.counts } }
    /// The calls, as `operation path`, in order.
    package var log: [String] { state.withLock { $0.log } }
    package func clearLog() { state.withLock { $0.log = [] } }
    /// The number of open files.
    package var opened: Int { state.withLock { $0.names.count } }

    /// Removes everything that no sync has covered: bytes of files, and files in unsynced folders.
    package func cutPower() throws {
        let (created, synced, named) = state.withLock { ($0.created, $0.syncedBytes, $0.named) }
        for path in created where real.exists(path) {
            guard named.contains(path) else {
                try real.remove(path)
                continue
            }
            let file = try real.open(path, .modify)
            defer { real.close(file) }
            let kept = synced[path] ?? 0
            if try real.size(file) > kept { try real.truncate(file, to: kept) }
        }
    }

    private func name(_ file: FileHandle) -> String { state.withLock { $0.names[file] ?? "?" } }

    private func check(
        _ operation: FileSystemError.Operation,
        _ path: String
    ) throws(FileSystemError) {
        if let fault = state.withLock({ $0.note(operation, path) }) {
            throw FileSystemError(operation, path, code: fault.code)
        }
    }

    /// Waits while a condition has a part of the path, and counts that.
    private func hold(
        _ path: String,
        while part: KeyPath<Conditions, String?>,
        counting count: WritableKeyPath<Counts, Int>
    ) {
        state.withLock { $0.counts[keyPath: count] += 1 }
        while state.withLock({ $0.conditions[keyPath: part].map(path.isOrContains) ?? false }) {
            usleep(500)
        }
        state.withLock { $0.counts[keyPath: count] -= 1 }
    }

    private func checkRoom(_ path: String) throws(FileSystemError) {
        if state.withLock({ $0.conditions.hasNoRoomFor.map(path.contains) ?? false }) {
            throw FileSystemError(.allocate, path, code: ENOSPC)
        }
    }
}

extension FaultyDisk {
    package func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        try check(.open, path)
        hold(path, while: \.holdsOpensOf, counting: \.opensHeld)
        let isRefused = state.withLock { state in
            let isRefused = state.names.count >= state.conditions.openMax
            if isRefused { state.counts.refusals += 1 }
            return isRefused
        }
        if isRefused { throw FileSystemError(.open, path, code: EMFILE) }
        let isNew = !real.exists(path)
        if isNew { try checkRoom(path) }
        let file = try real.open(path, mode)
        state.withLock { state in
            state.names[file] = path
            state.counts.openedMost = max(state.counts.openedMost, state.names.count)
            if isNew {
                state.created.insert(path)
                state.named.remove(path)
            }
        }
        return file
    }

    package func close(_ file: FileHandle) {
        state.withLock { state in
            state.names[file] = nil
            state.poisoned.remove(file)
        }
        real.close(file)
    }

    package func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: FileHandle
    ) throws(FileSystemError) {
        let path = name(file)
        var fault = state.withLock { state in
            state.writtenBytes += UInt64(bytes.count)
            if state.conditions.isFull { state.counts.refusals += 1 }
            return state.note(.write, path)
        }
        if fault == nil, state.withLock({ $0.conditions.isFull }) {
            // Like a disk that fills up: a part still fits.
            fault = Fault(operation: .write, code: ENOSPC, taken: min(bytes.count / 2, 7))
        }
        guard let fault else { return try real.write(bytes, to: file) }
        let taken = min(fault.taken, bytes.count - 1)
        try real.write(UnsafeRawBufferPointer(rebasing: bytes[..<taken]), to: file)
        throw FileSystemError(.write, path, code: fault.code, written: taken)
    }

    package func datasync(_ file: FileHandle) throws(FileSystemError) {
        let path = name(file)
        hold(path, while: \.holdsSyncsOf, counting: \.syncsHeld)
        let (fault, conditions) = state.withLock { state in
            let fault = state.note(.datasync, path)
            if fault != nil { state.poisoned.insert(file) }
            if state.names[file] == nil {
                state.counts.violations.append("sync of file \(file.number), which is closed")
            }
            return (fault, state.conditions)
        }
        if let fault, !conditions.forgetsFailures {
            throw FileSystemError(.datasync, path, code: fault.code)
        }
        if !conditions.skipsSyncs {
            try real.datasync(file)
            let size = try real.size(file)
            state.withLock { state in
                guard let path = state.names[file], !state.poisoned.contains(file) else { return }
                state.syncedBytes[path] = size
            }
        }
        state.withLock { $0.counts.syncs += 1 }
    }

    package func rename(_ from: String, to: String) throws(FileSystemError) {
        try check(.rename, to)
        try real.rename(from, to: to)
        state.withLock { state in
            state.move(from, to: to)
            state.named.remove(to)
        }
    }

    package func replace(_ from: String, to: String) throws(FileSystemError) {
        try check(.rename, to)
        try real.replace(from, to: to)
        state.withLock { state in
            // The replaced file remains only for those who have it open.
            for (file, path) in state.names {
                if path == to { state.names[file] = "" }
                if path == from { state.names[file] = to }
            }
            state.move(from, to: to)
        }
    }

    package func createFolder(_ path: String) throws(FileSystemError) -> Bool {
        try check(.createFolder, path)
        return try real.createFolder(path)
    }

    package func syncFolder(_ path: String) throws(FileSystemError) {
        try check(.syncFolder, path)
        try real.syncFolder(path)
        state.withLock { state in
            if state.conditions.skipsSyncs { return }
            for file in state.created where DiskPath.split(file).folder == path {
                state.named.insert(file)
            }
        }
    }

    package func list(_ path: String) throws(FileSystemError) -> [FolderEntry] {
        try check(.list, path)
        return try real.list(path)
    }

    package func space() throws(FileSystemError) -> DiskSpace {
        let space = try real.space()
        let reported = state.withLock { state in
            state.conditions.availableBytes.map {
                state.conditions.shrinks ? $0 - min($0, state.writtenBytes) : $0
            }
        }
        guard let reported else { return space }
        return DiskSpace(totalBytes: space.totalBytes, availableBytes: reported)
    }

    package func reserve(
        _ file: FileHandle,
        from offset: Int,
        count: Int
    ) throws(FileSystemError) {
        try checkRoom(name(file))
        try real.reserve(file, from: offset, count: count)
    }

    package func isOnOtherDevice(_ folder: String) -> Bool {
        state.withLock { $0.conditions.otherDevice == folder }
    }

    package func isForeign(_ path: String) -> Bool {
        state.withLock { $0.conditions.foreign.contains(path) }
    }

    package func read(
        _ file: FileHandle,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileSystemError) -> Int {
        try real.read(file, at: offset, into: buffer)
    }

    package func size(_ file: FileHandle) throws(FileSystemError) -> Int { try real.size(file) }

    package func truncate(_ file: FileHandle, to size: Int) throws(FileSystemError) {
        try real.truncate(file, to: size)
    }

    package func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {
        try real.allocate(file, bytes: bytes)
    }

    package func releaseReserved(_ file: FileHandle) { real.releaseReserved(file) }
    package func remove(_ path: String) throws(FileSystemError) { try real.remove(path) }
    package func exists(_ path: String) -> Bool { real.exists(path) }
}

extension String {
    fileprivate func isOrContains(_ part: String) -> Bool { part.isEmpty || contains(part) }
}
