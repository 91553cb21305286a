import CPlatform
import Glibc

/// System calls on files that the C library has no Swift-callable function for, or not everywhere.
///
/// Any thread. Each returns 0 or a descriptor, or an errno as a negative number.
package enum FileCalls {
    /// Opens a path below a folder without leaving it and without following links, close-on-exec;
    /// EINTR is retried.
    package static func open(
        beneath folder: Int32,
        _ path: String,
        flags: Int32,
        mode: UInt32
    ) -> Int32 {
        cplatform_open_beneath(folder, path, flags, mode)
    }

    /// Renames a file and replaces nothing: -EEXIST instead.
    ///
    /// Where the file system cannot do that in one step, a crash in between leaves both names.
    package static func renameWithoutReplacing(
        _ from: String,
        in old: Int32,
        to: String,
        in new: Int32
    ) -> Int32 {
        cplatform_rename_noreplace(old, from, new, to)
    }

    /// Begins to write a file's dirty pages and does not wait; a hint, whose errors fdatasync(2)
    /// reports.
    package static func startWriting(_ descriptor: Int32) {
        cplatform_start_writing(descriptor)
    }

    /// Reserves room in a file without changing its size; -ENOSPC or -EDQUOT without room.
    ///
    /// If the file system cannot do that, only checks whether it has that much space.
    package static func reserve(_ descriptor: Int32, from offset: Int, count: Int) -> Int32 {
        cplatform_reserve(descriptor, Int64(offset), Int64(count))
    }

    /// Returns the room that a file has after its end.
    package static func releaseReserved(_ descriptor: Int32) -> Int32 {
        cplatform_release_reserved(descriptor)
    }

    /// The total and free space of a file system; files (inodes) are nil if it does not count them.
    package typealias Room = (totalBytes: UInt64, availableBytes: UInt64, availableFiles: UInt64?)

    /// The room of the file system that holds a descriptor.
    package static func space(of descriptor: Int32) -> Result<Room, SystemError> {
        var (total, available, files): (UInt64, UInt64, UInt64) = (0, 0, 0)
        let result = cplatform_disk_space(descriptor, &total, &available, &files)
        guard result == 0 else { return .failure(SystemError(code: -result)) }
        return .success(
            (
                totalBytes: total,
                availableBytes: available,
                availableFiles: files == .max ? nil : files
            )
        )
    }
}
