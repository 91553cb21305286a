import Archive
import Compression
package import Disk
import Events
import Platform

/// Opening a segment, whatever stands in the way.
extension SegmentStore {
    /// Takes a partition in and gives its slot: with a file, or, when there are
    /// ``Configuration/openMax`` of them, with lines that wait in memory for the next commit.
    package func open(
        _ key: PartitionKey,
        router: borrowing PartitionRouter
    ) throws(FileSystemError) -> Int {
        let folder = router.folder(key)
        if openCount >= configuration.openMax { return try wait(key, folder) }
        let (path, file) = try createFile(in: folder) { waitForRoom($0) }
        let slot = newSlot(key, capacity: Self.pendingBytes)
        install(path, file, key, in: slot)
        return slot
    }

    /// A slot with empty lists.
    func newSlot(_ key: PartitionKey, capacity: Int) -> Int {
        let slot = free.popLast() ?? segments.count
        if slot == segments.count { segments.append(nil) }
        (pendings + slot).initialize(
            to: PendingLines(capacity: capacity, sources: configuration.sources.count)
        )
        (identities + slot).initialize(to: IdentityList())
        slots[key] = slot
        return slot
    }

    /// Takes a new file for a slot's segment.
    func install(_ path: String, _ file: FileHandle, _ key: PartitionKey, in slot: Int) {
        guard
            let stream = try? GzipEncoder(
                engine: configuration.engine,
                level: configuration.level,
                among: openCount
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
                let path = DiskPath.join(folder, nextName())
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
            + SegmentFormat.sealedSuffix
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
