import Disk
import Synchronization

/// Stops intake while the disk has less room than it must have.
///
/// Any thread may call: the ticker does, and each writer before its files grow by another mebibyte, so
/// that no more than some mebibytes a writer are written beyond the minimum.
final class SpaceWatch: Sendable {
    private let fileSystem: any FileSystem
    private let storage: StorageState
    private let minimum: Atomic<UInt64>

    /// `minimum`: free bytes.
    init(_ fileSystem: any FileSystem, _ storage: StorageState, minimum: UInt64) {
        self.fileSystem = fileSystem
        self.storage = storage
        self.minimum = Atomic(minimum)
    }

    var freeBytesMin: UInt64 { minimum.load(ordering: .relaxed) }

    func setMinimum(_ bytes: UInt64) {
        minimum.store(bytes, ordering: .relaxed)
    }

    /// Blocks or unblocks; gives what room there is, nil where that cannot be told.
    @discardableResult
    func look() -> DiskSpace? {
        guard let space = try? fileSystem.space() else { return nil }
        let minimum = freeBytesMin
        if space.availableBytes < minimum {
            storage.block(
                .minimum,
                "only \(space.availableBytes >> 20) MiB free, storage.minimumFree is \(minimum >> 20) MiB"
            )
        } else {
            storage.unblock(.minimum)
        }
        return space
    }
}
