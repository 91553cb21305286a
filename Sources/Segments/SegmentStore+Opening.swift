import Compression
import Events

/// Opening a segment, whatever stands in the way.
extension SegmentStore {
    /// Opens a segment for a key and gives its slot; the least recently used is sealed when there
    /// are ``Configuration/openMax``.
    package func open(
        _ key: PartitionKey,
        router: borrowing PartitionRouter
    ) throws(FileSystemError) -> Int {
        if free.isEmpty { try sealLeastRecentlyUsed() }
        let (path, file) = try createFile(in: router.folder(key)) { waitForRoom($0) }
        return install(key, path, file)
    }

    /// Takes a new file for a key's segment.
    func install(_ key: PartitionKey, _ path: String, _ file: FileHandle) -> Int {
        guard let slot = free.popLast() else { preconditionFailure("sealing freed no slot") }
        guard
            let stream = try? GzipEncoder(
                engine: configuration.engine,
                level: configuration.level,
                among: openCount + 1
            )
        else {
            preconditionFailure(
                "no memory for a stream: the level was checked with the configuration"
            )
        }
        segments[slot] = OpenSegment(
            key: key,
            sealedPath: path,
            file: file,
            stream: stream,
            openedAt: now
        )
        (pendings + slot).initialize(
            to: PendingLines(
                capacity: Self.pendingBytes,
                sources: configuration.sources.count
            )
        )
        (identities + slot).initialize(to: IdentityList())
        slots[key] = slot
        return slot
    }

    /// Creates the file of a new segment; where the folder cannot be entered, in another one.
    ///
    /// `mayWait`: waits for what can be tried again; false when there is nothing to wait for.
    func createFile(
        in folder: String,
        mayWait: (FileSystemError) -> Bool
    ) throws(FileSystemError) -> (String, FileHandle) {
        var folder = folder
        var isElsewhere = false
        while true {
            do throws(FileSystemError) {
                try fileSystem.createFolders(folder)
                let path = Layout.join(folder, nextName())
                // A sealed file of that name would make the rename fail much later.
                if fileSystem.exists(path) { continue }
                return (path, try fileSystem.open(Layout.openPath(forSealed: path), .createNew))
            } catch {
                if !isElsewhere, let other = Layout.blocked(folder, by: error) {
                    onObstacle(error, other)
                    (folder, isElsewhere) = (other, true)
                    continue
                }
                if error.isOutOfDescriptors, try giveDescriptorBack() { continue }
                // Nothing has happened yet, so whatever the cause, it can be waited for.
                guard error.isTaken || mayWait(error) else { throw error }
            }
        }
    }

    private func nextName() -> String {
        defer { fileNumber += 1 }
        let time = Timestamp.compact(max(wallNow, configuration.startedAt))
        return "part-\(configuration.node)-\(configuration.writer)-\(time)-\(fileNumber)"
            + Layout.sealedSuffix
    }

    /// Closes a file of this store that need not be open; false when there is none.
    ///
    /// A writer that only waited would wait for what its own next commit gives back.
    private func giveDescriptorBack() throws(FileSystemError) -> Bool {
        forgetHeld(durable: durable())
        if finishWaitingSeal() { return true }
        guard let slot = leastRecentlyUsed(where: { $0.handedIn <= durableBatch && !$0.isBroken })
        else { return false }
        try seal(slot, .limit)
        return finishWaitingSeal()
    }
}
