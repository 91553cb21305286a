import Disk
import Glibc

/// A partition with lines but no file yet.
struct WaitingPartition {
    let key: PartitionKey
    let folder: String
}

/// Partitions beyond the maximum of open files: one message can have events of thousands of them,
/// in any order.
///
/// If each event of such a message opened its partition's file and sealed another one, there would
/// be one file per event. So lines wait in memory until the next commit, or until a partition has
/// ``waitingBytes`` of them. Then its file is opened, and the least recently used one is sealed.
extension SegmentStore {
    static let waitingMax = 4_096
    /// The most bytes of a partition's lines that may wait, except for one long line.
    static let waitingBytes = 8 << 10
    /// The number of partitions whose files are opened even if the process must exit.
    static let leavingMax = 64

    func wait(_ key: PartitionKey, _ folder: String) throws(FileSystemError) -> Int {
        if waiting.count >= Self.waitingMax { try openWaiting() }
        let slot = newSlot(key, capacity: Self.waitingBytes)
        waiting[slot] = WaitingPartition(key: key, folder: folder)
        return slot
    }

    /// Opens a file for each partition that waits.
    ///
    /// Throws `ECANCELED` if there are many and the process must exit: none of them is durable, and
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
        install(file, at: path, for: partition.key, in: slot)
    }
}
