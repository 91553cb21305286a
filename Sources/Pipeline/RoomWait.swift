import Agents
import Disk
import Synchronization

/// The wait of a path's thread after the disk refused a call that can be retried: it reports the
/// error, stops intake, and pauses.
///
/// Only the waiting thread calls it; it is shared because it is handed over at the start.
final class RoomWait: Sendable {
    /// The time between two attempts.
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

    /// Waits a moment before a retry; returns false when the process is to leave instead.
    ///
    /// The first thread that finds the disk full releases the reserve, and does not wait.
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
        return !shared.isToLeave
    }

    private static func text(_ error: FileSystemError) -> String {
        if error.isOutOfDescriptors {
            return "no file can be opened: \(error); raise the limit of open files (LimitNOFILE=)"
        }
        return error.isFull ? "no room: \(error)" : "the disk refuses: \(error)"
    }

    /// Notes that the call or a round succeeded: there is room.
    func passed() {
        guard isWaiting.exchange(false, ordering: .relaxed) else { return }
        storage.unblock(holder)
    }
}
