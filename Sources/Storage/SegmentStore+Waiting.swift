import Disk
import Glibc

/// A partition that has lines and no file yet.
struct WaitingPartition {
    let key: PartitionKey
    let folder: String
}

/// Partitions beyond those that may have open files: one message can have events of thousands of them, in
/// any order.
///
/// If each event of such a message opened its partition's file and sealed another one for it, there would
/// be one file per event. So lines wait in memory until the next commit, or until a partition has
/// ``waitingBytes`` of them. Then it gets its file, and the least recently used one is sealed.
extension SegmentStore {
    static let waitingMax = 4_096
    /// Bytes of lines of a partition that may wait, but for one long line.
    static let waitingBytes = 8 << 10
    /// So many are given their files even when the process is to leave.
    static let leavingMax = 64

    func wait(_ key: PartitionKey, _ folder: String) throws(FileSystemError) -> Int {
        if waiting.count >= Self.waitingMax { try openWaiting() }
        let slot = newSlot(key, capacity: Self.waitingBytes)
        waiting[slot] = WaitingPartition(key: key, folder: folder)
        return slot
    }

    /// Gives each partition that waits its file.
    ///
    /// Throws `ECANCELED` when there are many and the process is to leave: nothing of them is durable, and
    /// nothing since the last commit may be acknowledged.
    func openWaiting() throws(FileSystemError) {
        for slot in waiting.keys.sorted() {
            if waiting.count > Self.leavingMax, shouldLeave() {
                throw FileSystemError(.open, waiting[slot]?.folder ?? "", code: ECANCELED)
            }
            try openWaiting(slot)
        }
    }

    func openWaiting(_ slot: Int) throws(FileSystemError) {
        guard let partition = waiting[slot] else { preconditionFailure("no partition in the slot") }
        if openCount >= configuration.openMax { try sealLeastRecentlyUsed() }
        let (path, file) = try createFile(in: partition.folder) { waitForRoom($0) }
        waiting[slot] = nil
        install(path, file, partition.key, in: slot)
    }
}
