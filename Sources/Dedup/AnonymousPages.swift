import Glibc

/// Private anonymous memory, all zero; the system provides only the pages that are touched.
enum AnonymousPages {
    /// Maps `byteCount` bytes; returns nil if the system has no addresses or memory left.
    ///
    /// `flags`: of mmap(2), in addition to those that make the pages private and anonymous.
    static func map(_ byteCount: Int, flags: Int32 = 0) -> UnsafeMutableRawPointer? {
        let all = MAP_PRIVATE | MAP_ANONYMOUS | flags
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, all, -1, 0)
        return memory == UnsafeMutableRawPointer(bitPattern: -1) ? nil : memory
    }
}
