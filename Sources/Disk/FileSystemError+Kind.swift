import Glibc

extension FileSystemError {
    /// The name does not exist: normal in recovery.
    package var isMissing: Bool { code == ENOENT }

    /// The name exists already.
    package var isTaken: Bool { code == EEXIST }

    /// No space (bytes, inodes, quota) or no descriptors: the same call may succeed later.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT || isOutOfDescriptors }

    /// No descriptors left, in the process or in the system.
    package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

    /// A foreign file is in a folder's place, or the folder must not be entered.
    package var isObstacle: Bool {
        code == ELOOP || code == ENOTDIR || code == EACCES || code == EPERM
    }

    /// The file changed while it was read, or is not a segment of Touchpoint.
    package static let changed = ESTALE
    package static let notASegment = EINVAL

    /// Returns the system's text for an errno value; strerror(3) of Glibc is thread-safe for known
    /// values.
    static func text(of code: Int32) -> String {
        if code == ELOOP {
            return "is or leads through a symbolic link, which is not followed here: "
                + "mount the other place there instead (mount --bind)"
        }
        // The error of a file whose durable part does not read back as it was written.
        if code == EBADMSG { return "does not have the bytes that were written to it" }
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
