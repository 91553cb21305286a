import Agents
import Archive
import Disk
import Storage

/// The disk as writers and committers use it.
struct DataFolder: Sendable {
    let fileSystem: any FileSystem
    let folders: DurableFolders
    let manifest: ManifestLog
    let reserve: DiskReserve
    let space: SpaceWatch
    let quota: QuarantineQuota

    func committer(
        waitForRoom: @escaping @Sendable (FileSystemError) -> Bool,
        onProgress: @escaping @Sendable () -> Void
    ) -> SegmentCommitter {
        SegmentCommitter(
            fileSystem: fileSystem,
            folders: folders,
            manifest: manifest,
            waitForRoom: waitForRoom,
            onProgress: onProgress
        )
    }

    /// How a thread waits when the disk refuses a call.
    func room(
        for holder: StorageState.Holder,
        storage: StorageState,
        heartbeat: Heartbeat,
        shared: WriterShared
    ) -> RoomWait {
        RoomWait(as: holder, in: storage, reserve: reserve, heartbeat: heartbeat, shared: shared)
    }
}
