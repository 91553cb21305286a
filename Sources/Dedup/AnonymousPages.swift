import Glibc

/// Pages of the process's own, all 0, which are real only as far as they are touched.
enum AnonymousPages {
    /// Maps so many bytes; nil when the system has no addresses or no memory left.
    ///
    /// `flags`: of mmap(2), besides those that make the pages private and anonymous.
    static func map(_ byteCount: Int, flags: Int32 = 0) -> UnsafeMutableRawPointer? {
        let all = MAP_PRIVATE | MAP_ANONYMOUS | flags
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, all, -1, 0)
        return memory == UnsafeMutableRawPointer(bitPattern: -1) ? nil : memory
    }
}
