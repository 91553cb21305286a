import Glibc
import Segments
import Synchronization

/// What a thread of the path does when the disk is full: says so, stops intake, and waits.
///
/// The thread that waits calls it; it is shared only because it is handed over at the start.
final class RoomWait: Sendable {
    private let holder: StorageState.Holder
    private let storage: StorageState
    private let heartbeat: Heartbeat
    private let shared: WriterShared
    private let isWaiting = Atomic<Bool>(false)

    init(
        as holder: StorageState.Holder,
        in storage: StorageState,
        heartbeat: Heartbeat,
        shared: WriterShared
    ) {
        self.holder = holder
        self.storage = storage
        self.heartbeat = heartbeat
        self.shared = shared
    }

    /// Waits a moment; false when the process is to leave instead.
    func wait(_ error: FileSystemError) -> Bool {
        isWaiting.store(true, ordering: .relaxed)
        storage.block(holder, "no room: \(error)")
        heartbeat.beat()
        usleep(200_000)
        return !shared.leave.load(ordering: .acquiring)
    }

    /// The call went through, or a round did: there is room.
    func passed() {
        guard isWaiting.exchange(false, ordering: .relaxed) else { return }
        storage.unblock(holder)
    }
}
