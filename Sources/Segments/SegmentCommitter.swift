import Events

/// Makes a writer's batches durable and gives sealed files their names.
///
/// Has no thread: the one that calls ``commit(_:)`` waits for the disk.
///
/// Order, and what each step guarantees after a power cut:
///
/// 1. `fdatasync` of every dirty file: its bytes up to the last flush point can be read.
/// 2. for a new file: its folders' names, then `fsync` of its folder: the open file can be found.
/// 3. sealing: rename without replacing, `fsync` of the folder: readers see a whole file.
/// 4. the manifest's line, synced. If the power goes between 3 and 4, recovery writes the line.
///
/// When it returns, all events of the batch may be acknowledged.
package struct SegmentCommitter: Sendable {
    private let fileSystem: any FileSystem
    private let folders: DurableFolders
    private let manifest: ManifestLog
    /// Called when the disk is full, with what failed; true: room was waited for, try again.
    private let waitForRoom: @Sendable (FileSystemError) -> Bool

    package init(
        fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        waitForRoom: @escaping @Sendable (FileSystemError) -> Bool
    ) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.manifest = manifest
        self.waitForRoom = waitForRoom
    }

    /// Syncs and seals.
    ///
    /// After an error nothing of the batch may be acknowledged, and none of its files may be
    /// trusted or written again.
    package func commit(_ batch: CommitBatch) throws(FileSystemError) -> [SealedFile] {
        startWriting(batch)
        var foldersToSync: Set<String> = []
        for dirty in batch.dirty {
            try datasync(dirty.file, dirty.path)
            if let folder = dirty.newNameIn { foldersToSync.insert(folder) }
        }
        try syncNames(foldersToSync)
        return try seal(batch.seals)
    }

    /// Lets the disk work on all files at once before each is waited for: one journal commit then
    /// covers many of them.
    private func startWriting(_ batch: CommitBatch) {
        let sealed = batch.seals.compactMap(\.file)
        guard batch.dirty.count + sealed.count > 1 else { return }
        for dirty in batch.dirty { fileSystem.startWriting(dirty.file) }
        for file in sealed { fileSystem.startWriting(file) }
    }

    private func datasync(_ file: FileHandle, _ path: String) throws(FileSystemError) {
        do {
            try fileSystem.datasync(file)
        } catch {
            throw FileSystemError(error.operation, path, code: error.code)
        }
    }

    private func syncNames(_ names: Set<String>) throws(FileSystemError) {
        for folder in names.sorted() {
            try withRoom { () throws(FileSystemError) in try folders.ensure(folder) }
            try fileSystem.syncFolder(folder)
        }
    }

    /// Repeats what a full disk refused.
    ///
    /// Only calls that can be repeated: a failed sync never is, for the kernel may have dropped the
    /// pages, and a second one would claim success.
    private func withRoom(
        _ body: () throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        while true {
            do throws(FileSystemError) {
                return try body()
            } catch {
                let isSync = error.operation == .datasync || error.operation == .syncFolder
                guard error.isFull, !isSync, waitForRoom(error) else { throw error }
            }
        }
    }

    private func seal(_ tasks: [SealTask]) throws(FileSystemError) -> [SealedFile] {
        var renamedIn: Set<String> = []
        for task in tasks {
            if let file = task.file {
                try datasync(file, task.sealedPath)
                fileSystem.close(file)
            }
            let open = Layout.openPath(forSealed: task.sealedPath)
            try withRoom { () throws(FileSystemError) in
                try fileSystem.rename(open, to: task.sealedPath)
            }
            renamedIn.insert(Layout.split(task.sealedPath).folder)
        }
        try syncNames(renamedIn)
        var sealed: [SealedFile] = []
        for task in tasks {
            try withRoom { () throws(FileSystemError) in try manifest.append(task.entry) }
            sealed.append(
                SealedFile(
                    path: task.sealedPath,
                    events: task.entry.events,
                    compressedBytes: task.entry.compressedBytes,
                    reason: task.entry.reason
                )
            )
        }
        return sealed
    }
}
