import Glibc

/// Who may read what the daemon writes: the data folder decides, not the umask it was started with.
enum FileRights {
    /// Sets the process's mask: files are 0640 and folders 0750 below a folder that its group may
    /// read and enter, else 0600 and 0700.
    ///
    /// Once, before other threads create files. A mask is better than a change of each file: a crash
    /// cannot come between.
    static func follow(folder: String) {
        var found = stat()
        guard stat(folder, &found) == 0 else { return }
        _ = umask(mask(of: found.st_mode))
    }

    static func mask(of folderMode: mode_t) -> mode_t {
        folderMode & 0o050 == 0o050 ? 0o027 : 0o077
    }
}
