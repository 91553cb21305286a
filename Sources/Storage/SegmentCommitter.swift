package import Archive
package import Disk
import Events

/// Makes a writer's batches durable and renames sealed files.
///
/// It has no thread: the caller of ``commit(_:)`` waits for the disk.
///
/// ``SegmentFormat`` has the order of the steps, and what each guarantees after a power cut.
///
/// After ``commit(_:)`` has returned, all events of the batch may be acknowledged.
///
/// A failed sync of a file ends the commit: the segment must be replaced
/// (``SegmentStore/replace(failed:folders:)``). Every other call can be repeated, and is, as long
/// as `waitForRoom` returns true. That includes the sync of a folder: a file system that cannot
/// write its own structures stops, and every later call fails until it is mounted again.
package struct SegmentCommitter: Sendable {
    /// The most manifest lines per sync.
    private static let linesAtOnce = 256

    private let fileSystem: any FileSystem
    private let folders: DurableFolders
    private let manifest: ManifestLog
    /// Called with an error that allows a retry; returns true after waiting, to try again.
    private let waitForRoom: @Sendable (FileSystemError) -> Bool
    /// Called after each call to the disk that may take long.
    private let onProgress: @Sendable () -> Void

    package init(
        fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        waitForRoom: @escaping @Sendable (FileSystemError) -> Bool,
        onProgress: @escaping @Sendable () -> Void = {}
    ) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.manifest = manifest
        self.waitForRoom = waitForRoom
        self.onProgress = onProgress
    }

    /// Syncs and seals the files of a batch.
    ///
    /// After an error nothing of the batch may be acknowledged; `path` of the error is the sealed
    /// path of the file that failed. Once that file was replaced, the same batch can be passed
    /// again and continues where it stopped.
    package func commit(_ batch: inout CommitBatch) throws(FileSystemError) -> [SealedFile] {
        startWriting(batch)
        while let dirty = batch.dirty.last {
            try datasync(dirty.file, dirty.path)
            if let folder = dirty.newNameIn { batch.newNamesIn.insert(PathKey(folder)) }
            batch.dirty.removeLast()
        }
        for at in batch.seals.indices where batch.seals[at].isDirty {
            if let file = batch.seals[at].file { try datasync(file, batch.seals[at].sealedPath) }
            batch.seals[at].isDirty = false
        }
        try syncNames(&batch.newNamesIn)
        return try seal(&batch)
    }

    /// Starts writing all files before waiting for each: one journal commit then covers many of
    /// them.
    private func startWriting(_ batch: CommitBatch) {
        let sealed = batch.seals.compactMap(\.file)
        guard batch.dirty.count + sealed.count > 1 else { return }
        for dirty in batch.dirty { fileSystem.startWriting(dirty.file) }
        for file in sealed { fileSystem.startWriting(file) }
    }

    private func datasync(_ file: FileHandle, _ path: String) throws(FileSystemError) {
        do {
            try fileSystem.datasync(file)
            onProgress()
        } catch {
            throw FileSystemError(error.operation, path, code: error.code)
        }
    }

    private func syncNames(_ names: inout Set<PathKey>) throws(FileSystemError) {
        for folder in names.sorted() {
            try repeating { () throws(FileSystemError) in
                try folders.ensure(folder.path)
                try fileSystem.syncFolder(folder.path)
            }
            names.remove(folder)
            onProgress()
        }
    }

    private func repeating(
        _ body: () throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        while true {
            do throws(FileSystemError) {
                return try body()
            } catch {
                guard waitForRoom(error) else { throw error }
                // They may have been removed meanwhile.
                folders.forget()
            }
        }
    }

    private func seal(_ batch: inout CommitBatch) throws(FileSystemError) -> [SealedFile] {
        for at in batch.seals.indices where !batch.seals[at].isRenamed {
            try rename(&batch.seals[at])
            batch.newNamesIn.insert(PathKey(DiskPath.split(batch.seals[at].sealedPath).folder))
        }
        try syncNames(&batch.newNamesIn)
        try list(&batch)
        return batch.seals.map(\.sealedFile)
    }

    /// Writes the manifest lines, many per sync.
    private func list(_ batch: inout CommitBatch) throws(FileSystemError) {
        var left = batch.seals.indices.filter { !batch.seals[$0].isListed }[...]
        while let first = left.first {
            let day = batch.seals[first].entry.sealedAt.prefix(10)
            let next = left.prefix(Self.linesAtOnce).prefix {
                batch.seals[$0].entry.sealedAt.prefix(10) == day
            }
            let entries = next.map { batch.seals[$0].entry }
            try repeating { () throws(FileSystemError) in try manifest.append(entries) }
            for at in next { batch.seals[at].isListed = true }
            left = left.dropFirst(next.count)
            onProgress()
        }
    }

    /// Renames a file to its visible name, or to a similar one if that is taken.
    private func rename(_ task: inout SealTask) throws(FileSystemError) {
        let first = task.sealedPath
        let open = Layout.openPath(forSealed: first)
        var number = 1
        while true {
            let path = task.sealedPath
            do throws(FileSystemError) {
                try fileSystem.rename(open, to: path)
                break
            } catch {
                if error.isTaken {
                    number += 1
                    task.sealedPath = Layout.alternative(toSealed: first, number)
                    continue
                }
                task.sealedPath = first
                number = 1
                // The file was removed under the daemon: its descriptor still has the bytes.
                if error.isMissing, task.file != nil {
                    throw FileSystemError(.rename, first, code: error.code)
                }
                guard waitForRoom(error) else { throw error }
                folders.forget()
            }
        }
        task.entry.path = task.sealedPath
        task.isRenamed = true
        if let file = task.file { fileSystem.close(file) }
        task.file = nil
        onProgress()
    }
}
