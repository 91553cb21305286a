import Archive
import Compression
package import Disk
import Glibc

/// Rejected pieces: a disk of their own must not hold up events.
///
/// Where `quarantine/` is on the device of the events, what it is refused is waited for, as events do:
/// they would wait as well. Where it is on another one, it is not: room for a line is reserved before
/// the line is taken, and where the disk gives none, the piece is not taken. A line that was taken has
/// its room, so the write that comes later finds it. (A file system that cannot reserve is only asked
/// how much it has; what others take meanwhile is waited for as ever.)
extension SegmentStore {
    /// A file's room grows by so many bytes.
    static let reserveStep = 1 << 20

    /// The slot for a rejected piece's line of at most so many bytes; nil when the disk has no room for
    /// it, which the quota is then told.
    ///
    /// - Throws: what was refused that is waited for, when the caller is not to wait.
    package func quarantineSlot(
        _ key: PartitionKey,
        router: borrowing PartitionRouter,
        lineBytesMax: Int
    ) throws(FileSystemError) -> Int? {
        var slot = slot(for: key)
        if slot < 0 {
            guard fileSystem.isOnOtherDevice(SegmentFormat.quarantine) else {
                return try open(key, router: router)
            }
            guard let opened = try openQuarantine(key, router.folder(key)) else { return nil }
            slot = opened
        }
        // One that waits for its file is on the device of the events.
        guard let segment = segments[slot], segment.reservedBytes > 0 else { return slot }
        let raw = segment.rawSinceFullFlush + pendings[slot].bytes.count + lineBytesMax
        // Text that cannot be compressed grows by the frames of its blocks, and there are flushes.
        let bytes = Int(segment.stream.compressedBytes) + raw + raw / 32 + Self.pendingBytes
        return reserve(bytes, segment) ? slot : nil
    }

    /// A line of so many bytes was put into the slot's pending lines.
    package func tookRejected(_ byteCount: Int) {
        configuration.quota.take(byteCount)
    }

    private func openQuarantine(
        _ key: PartitionKey,
        _ folder: String
    ) throws(FileSystemError) -> Int? {
        if openCount >= configuration.openMax { try sealLeastRecentlyUsed() }
        do throws(FileSystemError) {
            let (path, file) = try createFile(in: folder) {
                $0.isOutOfDescriptors && waitForRoom($0)
            }
            do throws(FileSystemError) {
                try fileSystem.reserve(file, from: 0, count: Self.reserveStep)
            } catch {
                fileSystem.close(file)
                try? fileSystem.remove(Layout.openPath(forSealed: path))
                throw FileSystemError(error.operation, path, code: error.code)
            }
            let slot = newSlot(key, capacity: Self.pendingBytes)
            install(path, file, key, in: slot)
            segments[slot]?.reservedBytes = Self.reserveStep
            return slot
        } catch {
            if error.isOutOfDescriptors { throw error }
            configuration.quota.refuse(error)
            return nil
        }
    }

    /// Gives the segment room for so many bytes in all; false when the disk has none.
    private func reserve(_ byteCount: Int, _ segment: OpenSegment) -> Bool {
        let has = segment.reservedBytes
        guard byteCount > has else { return true }
        let steps = (byteCount - has + Self.reserveStep - 1) / Self.reserveStep
        do throws(FileSystemError) {
            try fileSystem.reserve(segment.file, from: has, count: steps * Self.reserveStep)
            segment.reservedBytes += steps * Self.reserveStep
            return true
        } catch {
            configuration.quota.refuse(
                FileSystemError(error.operation, segment.sealedPath, code: error.code)
            )
            return false
        }
    }
}
