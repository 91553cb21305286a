import Disk
import Synchronization

/// Stops intake while the disk has less free space than the configured minimum.
///
/// Any thread may call: the ticker does, and each writer does before its files grow by another
/// mebibyte, so that each writer writes only some mebibytes beyond the minimum.
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

    /// Blocks or unblocks intake; returns the free space, nil where it is unknown.
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
