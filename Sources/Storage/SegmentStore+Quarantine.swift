import Archive
import Compression
package import Disk
import Glibc

/// Rejected pieces, whose disk must not delay events if it is a separate one.
///
/// If `quarantine/` is on the device of the events, a full disk is waited for, as for events: they
/// would wait as well. If it is on another device, space for a line is reserved before the line is
/// accepted, and without space the piece is refused. So the later write of an accepted line has its
/// space. (A file system without reservations is only asked for its free space; if other programs
/// use it meanwhile, the write waits as usual.)
extension SegmentStore {
    /// The step by which a file's reserved space grows.
    static let reserveStep = 1 << 20

    /// Returns the slot for a rejected piece's line of at most so many bytes; if the disk has no
    /// space for it, reports that to the quota and returns nil.
    ///
    /// - Throws: an error that is waited for, if the caller must not wait.
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
        // A partition that waits for its file is on the device of the events.
        guard let segment = segments[slot], segment.reservedBytes > 0 else { return slot }
        let raw = segment.flushes.rawSinceLast + pendings[slot].bytes.count + lineBytesMax
        // Incompressible text grows by the frames of its blocks, and there are flushes.
        let bytes =
            Int(segment.stream.compressedBytes) + raw + raw / 32 + configuration.pendingBytes
        return reserve(bytes, segment) ? slot : nil
    }

    /// Counts the bytes of a line that was added to the slot's pending lines; of a producer that has
    /// a share of quarantine, or nil.
    package func tookRejected(_ byteCount: Int, of producer: Int?) {
        configuration.quota.take(byteCount, of: producer)
    }

    private func openQuarantine(
        _ key: PartitionKey,
        _ folder: String
    ) throws(FileSystemError) -> Int? {
        if openCount >= configuration.openMax { try sealLeastRecentlyUsed() }
        do throws(FileSystemError) {
            let (path, file) = try createFile(in: folder) {
                $0.isOutOfDescriptors && calls.waitForRoom($0)
            }
            do throws(FileSystemError) {
                try fileSystem.reserve(file, from: 0, count: Self.reserveStep)
            } catch {
                fileSystem.close(file)
                try? fileSystem.remove(Layout.openPath(forSealed: path))
                throw FileSystemError(error.operation, path, code: error.code)
            }
            let slot = newSlot(key, capacity: configuration.pendingBytes)
            install(file, at: path, for: key, in: slot)
            segments[slot]?.reservedBytes = Self.reserveStep
            return slot
        } catch {
            if error.isOutOfDescriptors { throw error }
            configuration.quota.refuse(error)
            return nil
        }
    }

    /// Reserves so many bytes in all for the segment; returns false if the disk has no space.
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
