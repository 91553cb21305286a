import Synchronization

/// Space on the device that is reserved for a full disk: enough to commit and seal the pending
/// data, and to write the manifest.
///
/// Any thread may call. A file system that cannot allocate space in advance has no reserve.
package final class DiskReserve: Sendable {
    /// The maximum; on small devices a 64th of the device, but no less than 64 KiB.
    package static let bytesMax = 8 << 20
    private static let bytesMin = 64 << 10

    /// The file that holds the reserve.
    package static let path = ".reserve"

    private let fileSystem: any FileSystem
    private let isHeld = Mutex(false)

    package init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Returns the size of the reserve on this device.
    package func byteCount(_ space: DiskSpace) -> Int {
        min(Self.bytesMax, max(Self.bytesMin, Int(clamping: space.totalBytes / 64)))
    }

    /// Allocates the reserve, unless it is held already; throws if there is not enough space.
    package func hold() throws(FileSystemError) {
        let result = isHeld.withLock { isHeld in
            Result { () throws(FileSystemError) in
                if isHeld { return }
                try take()
                isHeld = true
            }
        }
        try result.get()
    }

    private func take() throws(FileSystemError) {
        let wanted = byteCount(try fileSystem.space())
        if fileSystem.exists(Self.path) { try fileSystem.remove(Self.path) }
        let file = try fileSystem.open(Self.path, .createNew)
        defer { fileSystem.close(file) }
        do throws(FileSystemError) {
            try fileSystem.allocate(file, bytes: wanted)
        } catch {
            try? fileSystem.remove(Self.path)
            throw FileSystemError(.allocate, Self.path, code: error.code)
        }
    }

    /// Frees the reserve for urgent writes; returns false if there was none.
    package func release() -> Bool {
        isHeld.withLock { isHeld in
            guard isHeld else { return false }
            isHeld = false
            return (try? fileSystem.remove(Self.path)) != nil
        }
    }
}
