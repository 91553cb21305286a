import Platform

/// Reserves space before a file grows into it.
extension PosixFileSystem {
    package func reserve(
        _ file: FileHandle,
        from offset: Int,
        count: Int
    ) throws(FileSystemError) {
        let result = FileCalls.reserve(file.number, from: offset, count: count)
        guard result == 0 else { throw FileSystemError(.allocate, "", code: -result) }
    }

    /// Space that cannot be freed now is freed with the file.
    package func releaseReserved(_ file: FileHandle) {
        _ = FileCalls.releaseReserved(file.number)
    }
}
