import Agents
import Disk
import Synchronization

/// What a thread of the path does when the disk refuses a call that can be made again: says so,
/// stops intake, and waits.
///
/// The thread that waits calls it; it is shared only because it is handed over at the start.
final class RoomWait: Sendable {
    /// Between two attempts.
    private static let pause = Pause.milliseconds(200)

    private let holder: StorageState.Holder
    private let storage: StorageState
    private let reserve: DiskReserve
    private let heartbeat: Heartbeat
    private let shared: WriterShared
    private let isWaiting = Atomic<Bool>(false)

    init(
        as holder: StorageState.Holder,
        in storage: StorageState,
        reserve: DiskReserve,
        heartbeat: Heartbeat,
        shared: WriterShared
    ) {
        self.holder = holder
        self.storage = storage
        self.reserve = reserve
        self.heartbeat = heartbeat
        self.shared = shared
    }

    /// Waits a moment; false when the process is to leave instead.
    ///
    /// Whoever meets the full disk first gets the reserve, and need not wait.
    func wait(_ error: FileSystemError) -> Bool {
        heartbeat.beat()
        if error.isFull, !error.isOutOfDescriptors, reserve.release() {
            storage.block(
                .reserve,
                "no room: \(error); what is in flight is finished with the reserve"
            )
            return true
        }
        isWaiting.store(true, ordering: .relaxed)
        storage.block(holder, Self.text(error))
        Self.pause.take()
        return !shared.leave.load(ordering: .acquiring)
    }

    private static func text(_ error: FileSystemError) -> String {
        if error.isOutOfDescriptors {
            return "no file can be opened: \(error); raise the limit of open files (LimitNOFILE=)"
        }
        return error.isFull ? "no room: \(error)" : "the disk refuses: \(error)"
    }

    /// The call went through, or a round did: there is room.
    func passed() {
        guard isWaiting.exchange(false, ordering: .relaxed) else { return }
        storage.unblock(holder)
    }
}
