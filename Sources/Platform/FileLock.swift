import CPlatform
import Glibc

/// A lock file, held by one process: flock(2), which the system releases when the process ends.
///
/// Any thread.
package struct FileLock: ~Copyable, Sendable {
    package enum Failure: Error {
        /// The file cannot be opened or created.
        case open(SystemError)
        /// The file cannot be locked.
        case lock(SystemError)
        /// Another process holds the lock; its number, if it left one.
        case isHeld(by: Int32?)
    }

    private let descriptor: Int32
    private let path: String

    /// Takes the lock without waiting.
    ///
    /// - `mode`: of the file, if it is created.
    package init(path: String, mode: UInt32 = 0o600) throws(Failure) {
        while true {
            let opened = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)
            guard opened >= 0 else { throw .open(SystemError(code: errno)) }
            let locked = cplatform_lock_exclusive(opened)
            guard locked == 0 else {
                defer { close(opened) }
                guard locked == -EWOULDBLOCK else { throw .lock(SystemError(code: -locked)) }
                throw .isHeld(by: Self.process(in: opened))
            }
            if let file = FileIdentity(descriptor: opened), file == FileIdentity(path: path) {
                descriptor = opened
                self.path = path
                return
            }
            // Its last owner removed the file between the open and the lock: it guards nothing.
            close(opened)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Leaves this process's number in the file, for those who are refused.
    package func writeProcess() {
        _ = ftruncate(descriptor, 0)
        let line = "\(getpid())\n"
        _ = line.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    /// Removes the file; a process that waits for the lock then takes it on a new one.
    package func removeFile() {
        _ = unlink(path)
    }

    private static func process(in descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return Int32(text.prefix { $0.isNumber })
    }
}
