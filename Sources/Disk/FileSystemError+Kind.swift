import Glibc

extension FileSystemError {
    /// The name is not there: for recovery, a normal sight.
    package var isMissing: Bool { code == ENOENT }

    /// The name is taken.
    package var isTaken: Bool { code == EEXIST }

    /// No room (bytes, inodes, quota) or no descriptors: the same call may succeed once there is
    /// some again.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT || isOutOfDescriptors }

    /// No descriptors: of the process, or of the system.
    package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

    /// Something that is not Touchpoint's stands in a folder's place, or the folder may not be entered.
    package var isObstacle: Bool {
        code == ELOOP || code == ENOTDIR || code == EACCES || code == EPERM
    }

    /// The file changed while it was read, or is none of Touchpoint's segments.
    package static let changed = ESTALE
    package static let notASegment = EINVAL

    /// What the system says of an errno value; strerror(3) of Glibc is thread-safe for known
    /// values.
    static func text(of code: Int32) -> String {
        if code == ELOOP {
            return "is or leads through a symbolic link, which is not followed here: "
                + "mount the other place there instead (mount --bind)"
        }
        // Said of a file whose durable part does not come back as it was written.
        if code == EBADMSG { return "does not have the bytes that were written to it" }
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
