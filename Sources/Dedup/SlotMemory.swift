import Platform

/// The memory of a table's slots, initially 0.
///
/// Lookups in a large table are random accesses; with pages of 4 KiB nearly each one walks the page
/// tables first. From a mebibyte on a table therefore uses pages of 2 MiB, if the kernel's
/// `transparent_hugepage` is `madvise` or `always`; otherwise it is only aligned to them.
struct SlotMemory {
    static let slotBytes = 8
    private static let largePageBytes = 2 << 20
    /// A table of more bytes uses large pages.
    private static let smallBytesMax = 1 << 20

    let slots: UnsafeMutablePointer<UInt64>
    let count: Int

    private static func isLarge(_ count: Int) -> Bool { count * slotBytes > smallBytesMax }

    /// Returns the number of slots to allocate when at least `wanted` are needed.
    static func count(atLeast wanted: Int) -> Int {
        guard isLarge(wanted) else { return wanted }
        let pages = (wanted * slotBytes + largePageBytes - 1) / largePageBytes
        return pages * largePageBytes / slotBytes
    }

    /// - `count`: from ``count(atLeast:)``.
    init(count: Int) {
        self.count = count
        if Self.isLarge(count) {
            let pages = Self.largePages(count * Self.slotBytes)
            slots = pages.assumingMemoryBound(to: UInt64.self)
        } else {
            slots = .allocate(capacity: count)
            slots.initialize(repeating: 0, count: count)
        }
    }

    func free() {
        if Self.isLarge(count) {
            Pages.unmap(slots, count * Self.slotBytes)
        } else {
            slots.deallocate()
        }
    }

    private static func largePages(_ byteCount: Int) -> UnsafeMutableRawPointer {
        // Maps one page more to find an aligned start in it, and unmaps what lies before and after.
        guard let memory = Pages.map(byteCount + largePageBytes) else {
            preconditionFailure("no memory for \(byteCount) bytes of ids")
        }
        let start = memory.alignedUp(toMultipleOf: largePageBytes)
        let before = start - memory
        if before > 0 { Pages.unmap(memory, before) }
        Pages.unmap(start + byteCount, largePageBytes - before)
        Pages.adviseHuge(start, byteCount)
        return start
    }
}
