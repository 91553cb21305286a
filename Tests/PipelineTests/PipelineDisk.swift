import Disk
import Glibc
import Synchronization

/// The real disk with faults on demand; it knows what was synced and can lose the rest.
final class PipelineDisk: FileSystem {
    /// The faults that a test requests.
    struct Faults {
        /// Syncs wait until this is reset.
        var holdsSyncs = false
        /// The same, only for files whose path contains this.
        var holdsSyncsOf: String?
        /// Files whose path contains this cannot be opened until it is reset: callers wait.
        var holdsOpensOf: String?
        /// This many further syncs fail with EIO.
        var failingSyncs = 0
        /// This many further writes to segments fail with EIO.
        var failingWrites = 0
        /// This many further renames fail with EROFS.
        var failingRenames = 0
        /// Failing syncs report no error: it simulates a path that syncs a failed file again and
        /// trusts the result.
        var forgetsFailures = false
        /// Syncs report success and do nothing.
        var skipsSyncs = false
        /// Writes to segments (or to anything) fail with ENOSPC.
        var isFull = false
        /// The most files open at a time; beyond it EMFILE.
        var openMax = Int.max
        /// Free bytes it reports; nil for the real ones.
        var availableBytes: UInt64?
        /// Written bytes reduce the free bytes that it reports.
        var shrinks = false
        /// Folders of this name are on another device.
        var otherDevice: String?
        /// Files whose path contains this find no room (ENOSPC), and no new ones can be created.
        var hasNoRoomFor: String?
    }

    private struct State {
        var faults = Faults()
        var paths: [Int32: String] = [:]
        var syncedBytes: [String: Int] = [:]
        /// Files whose sync has failed: as on Linux, the next sync succeeds, but nothing written
        /// before it is on the disk.
        var poisoned: Set<Int32> = []
        /// Files whose name is durable.
        var named: Set<String> = []
        var created: Set<String> = []
        var syncsHeld = 0
        var opensHeld = 0
        var syncs = 0
        var refusals = 0
        var writtenBytes: UInt64 = 0
        var openHighWater = 0
        var violations: [String] = []

        func holdsSync(of file: FileHandle) -> Bool {
            let path = paths[file.number] ?? ""
            return faults.holdsSyncs || faults.holdsSyncsOf.map(path.contains) ?? false
        }
    }

    let real: PosixFileSystem
    private let state = Mutex(State())

    init(directory: String) throws(FileSystemError) {
        real = try PosixFileSystem(directory: directory)
    }

    func set(_ change: (inout Faults) -> Void) {
        state.withLock { change(&$0.faults) }
    }

    /// Syncs that wait now; completed syncs; calls refused for lack of room.
    var syncsHeld: Int { state.withLock { $0.syncsHeld } }
    var opensHeld: Int { state.withLock { $0.opensHeld } }
    var syncs: Int { state.withLock { $0.syncs } }
    var refusals: Int { state.withLock { $0.refusals } }
    var openHighWater: Int { state.withLock { $0.openHighWater } }
    /// Uses of files that were already closed.
    var violations: [String] { state.withLock { $0.violations } }

    /// Removes everything that no sync has covered: bytes of files, and files in unsynced folders.
    func cutPower() throws {
        let (created, synced, named) = state.withLock {
            ($0.created, $0.syncedBytes, $0.named)
        }
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

    // MARK: - FileSystem

    func open(_ path: String, _ mode: OpenMode) throws(FileSystemError) -> FileHandle {
        state.withLock { $0.opensHeld += 1 }
        while state.withLock({ $0.faults.holdsOpensOf.map(path.contains) ?? false }) { usleep(500) }
        state.withLock { $0.opensHeld -= 1 }
        let isRefused = state.withLock { state in
            let isRefused = state.paths.count >= state.faults.openMax
            if isRefused { state.refusals += 1 }
            return isRefused
        }
        if isRefused { throw FileSystemError(.open, path, code: EMFILE) }
        let isNew = !real.exists(path)
        if isNew { try checkRoom(path) }
        let file = try real.open(path, mode)
        state.withLock { state in
            state.paths[file.number] = path
            state.openHighWater = max(state.openHighWater, state.paths.count)
            if isNew {
                state.created.insert(path)
                state.named.remove(path)
            }
        }
        return file
    }

    func close(_ file: FileHandle) {
        state.withLock { state in
            state.paths[file.number] = nil
            state.poisoned.remove(file.number)
        }
        real.close(file)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to file: FileHandle) throws(FileSystemError) {
        let (isFull, fails) = state.withLock { state in
            if state.faults.isFull { state.refusals += 1 }
            let fails = state.faults.failingWrites > 0
            if fails { state.faults.failingWrites -= 1 }
            return (state.faults.isFull, fails)
        }
        if fails { throw FileSystemError(.write, "", code: EIO) }
        state.withLock { $0.writtenBytes += UInt64(bytes.count) }
        if isFull {
            // Like a disk that fills up: a part still fits.
            let part = min(bytes.count / 2, 7)
            try real.write(UnsafeRawBufferPointer(rebasing: bytes[..<part]), to: file)
            throw FileSystemError(.write, "", code: ENOSPC, written: part)
        }
        try real.write(bytes, to: file)
    }

    func datasync(_ file: FileHandle) throws(FileSystemError) {
        state.withLock { $0.syncsHeld += 1 }
        while state.withLock({ $0.holdsSync(of: file) }) { usleep(500) }
        let (path, fails, skips, forgets) = state.withLock { state in
            state.syncsHeld -= 1
            let fails = state.faults.failingSyncs > 0
            if fails {
                state.faults.failingSyncs -= 1
                state.poisoned.insert(file.number)
            }
            if state.paths[file.number] == nil {
                state.violations.append("sync of file \(file.number), which is closed")
            }
            return (
                state.paths[file.number], fails, state.faults.skipsSyncs,
                state.faults.forgetsFailures
            )
        }
        if fails && !forgets { throw FileSystemError(.datasync, path ?? "", code: EIO) }
        if !skips {
            try real.datasync(file)
            let size = try real.size(file)
            state.withLock { state in
                guard let path, !state.poisoned.contains(file.number) else { return }
                state.syncedBytes[path] = size
            }
        }
        state.withLock { $0.syncs += 1 }
    }

    func rename(_ from: String, to: String) throws(FileSystemError) {
        let fails = state.withLock { state in
            let fails = state.faults.failingRenames > 0
            if fails { state.faults.failingRenames -= 1 }
            return fails
        }
        if fails { throw FileSystemError(.rename, from, code: EROFS) }
        try real.rename(from, to: to)
        state.withLock { state in
            state.created.remove(from)
            state.created.insert(to)
            state.named.remove(to)
            state.syncedBytes[to] = state.syncedBytes.removeValue(forKey: from)
        }
    }

    func replace(_ from: String, to: String) throws(FileSystemError) {
        try real.replace(from, to: to)
        state.withLock { state in
            // The replaced file remains only for those who have it open.
            for (number, path) in state.paths {
                if path == to { state.paths[number] = "" }
                if path == from { state.paths[number] = to }
            }
            state.created.remove(from)
            state.created.insert(to)
            state.syncedBytes[to] = state.syncedBytes.removeValue(forKey: from)
        }
    }

    func allocate(_ file: FileHandle, bytes: Int) throws(FileSystemError) {
        try real.allocate(file, bytes: bytes)
    }

    func isOnOtherDevice(_ folder: String) -> Bool {
        state.withLock { $0.faults.otherDevice == folder }
    }

    private func checkRoom(_ path: String) throws(FileSystemError) {
        if state.withLock({ $0.faults.hasNoRoomFor.map(path.contains) ?? false }) {
            throw FileSystemError(.allocate, path, code: ENOSPC)
        }
    }

    func reserve(
        _ file: FileHandle,
        from offset: Int,
        count: Int
    ) throws(FileSystemError) {
        try checkRoom(state.withLock { $0.paths[file.number] ?? "" })
        try real.reserve(file, from: offset, count: count)
    }

    func releaseReserved(_ file: FileHandle) { real.releaseReserved(file) }

    func syncFolder(_ path: String) throws(FileSystemError) {
        try real.syncFolder(path)
        state.withLock { state in
            if state.faults.skipsSyncs { return }
            for file in state.created where DiskPath.split(file).folder == path {
                state.named.insert(file)
            }
        }
    }

    func space() throws(FileSystemError) -> DiskSpace {
        let space = try real.space()
        let reported = state.withLock { state in
            state.faults.availableBytes.map {
                state.faults.shrinks ? $0 - min($0, state.writtenBytes) : $0
            }
        }
        guard let available = reported else { return space }
        return DiskSpace(totalBytes: space.totalBytes, availableBytes: available)
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

    func remove(_ path: String) throws(FileSystemError) { try real.remove(path) }

    func createFolder(_ path: String) throws(FileSystemError) -> Bool {
        try real.createFolder(path)
    }

    func list(_ path: String) throws(FileSystemError) -> [FolderEntry] { try real.list(path) }

    func exists(_ path: String) -> Bool { real.exists(path) }
}
