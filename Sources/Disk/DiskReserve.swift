import Synchronization

/// Room on the device that is kept for a full disk: enough to commit and seal what is in flight, and
/// to write the manifest.
///
/// Any thread may call. A file system that cannot give room ahead of use has no reserve.
package final class DiskReserve: Sendable {
    /// At most; on small devices a 64th of the device, but no less than 64 KiB.
    package static let bytesMax = 8 << 20
    private static let bytesMin = 64 << 10

    /// The file that holds the room.
    package static let path = ".reserve"

    private let fileSystem: any FileSystem
    private let isHeld = Mutex(false)

    package init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// How large it is on this device.
    package func byteCount(_ space: DiskSpace) -> Int {
        min(Self.bytesMax, max(Self.bytesMin, Int(clamping: space.totalBytes / 64)))
    }

    /// Takes the room, unless it is held already; an error when there is not so much.
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

    /// Gives the room back to whoever needs it now; false when there was none.
    package func release() -> Bool {
        isHeld.withLock { isHeld in
            guard isHeld else { return false }
            isHeld = false
            return (try? fileSystem.remove(Self.path)) != nil
        }
    }
}
