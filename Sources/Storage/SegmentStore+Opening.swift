import Archive
import Compression
package import Disk
import Events
import Platform

/// Opens segments, in spite of obstacles.
extension SegmentStore {
    /// Opens a partition and returns its slot: with a file, or, if there are
    /// ``Configuration/openMax`` of them, with lines that wait in memory for the next commit.
    package func open(
        _ key: PartitionKey,
        router: borrowing PartitionRouter
    ) throws(FileSystemError) -> Int {
        let folder = router.folder(key)
        if openCount >= configuration.openMax { return try wait(key, folder) }
        let (path, file) = try createFile(in: folder) { calls.waitForRoom($0) }
        let slot = newSlot(key, capacity: configuration.pendingBytes)
        install(file, at: path, for: key, in: slot)
        return slot
    }

    /// Returns a slot with empty lists.
    func newSlot(_ key: PartitionKey, capacity: Int) -> Int {
        let slot = takeSlot(for: key)
        (pendings + slot).initialize(
            to: PendingLines(capacity: capacity, sources: configuration.sources.count)
        )
        (identities + slot).initialize(to: IdentityList())
        return slot
    }

    /// Installs a new file for a slot's segment.
    func install(_ file: FileHandle, at path: String, for key: PartitionKey, in slot: Int) {
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
            openedAt: clock.now
        )
    }

    /// Creates the file of a new segment, in a substitute folder if its own cannot be entered.
    ///
    /// `mayWait`: waits before a retry; returns false if waiting is useless.
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
                    calls.onObstacle(error, other)
                    (folder, isElsewhere) = (other, true)
                    continue
                }
                if error.isOutOfDescriptors, try giveDescriptorBack() { continue }
                // Nothing has been written yet, so waiting is safe whatever the cause.
                guard error.isTaken || mayWait(error) else { throw error }
            }
        }
    }

    /// Closes a file of this store that need not be open; returns false if there is none.
    ///
    /// Otherwise a writer would wait for descriptors that only its own next commit closes.
    private func giveDescriptorBack() throws(FileSystemError) -> Bool {
        forgetHeld(durable: calls.durable())
        if finishWaitingSeal() { return true }
        guard
            let slot = leastRecentlyUsed(where: { $0.held.isAtRest(durable: atRisk.durable) })
        else { return false }
        try seal(slot, .limit)
        return finishWaitingSeal()
    }
}
