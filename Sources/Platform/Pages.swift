import Glibc

/// Zeroed private pages, which use memory only as far as they are touched.
///
/// Any thread.
package enum Pages {
    /// Maps so many bytes; nil when the system has no addresses or no memory left.
    ///
    /// - `isReserved`: false where the system is not to count them as memory in use (MAP_NORESERVE).
    package static func map(
        _ byteCount: Int,
        isReserved: Bool = true
    ) -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | (isReserved ? 0 : MAP_NORESERVE)
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        return memory == UnsafeMutableRawPointer(bitPattern: -1) ? nil : memory
    }

    /// Returns pages to the system.
    package static func unmap(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
        munmap(memory, byteCount)
    }

    /// Asks for huge pages: fewer faults and TLB misses; a hint.
    package static func adviseHuge(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
        madvise(memory, byteCount, MADV_HUGEPAGE)
    }
}
