import Platform

/// Memory for the slots of a table, each 0 at first.
///
/// A large table is looked at in random places, and with pages of 4 KiB nearly every look has to walk
/// the page tables first. From a mebibyte on a table therefore takes whole pages of 2 MiB, where the
/// kernel's `transparent_hugepage` is `madvise` or `always`; elsewhere it only aligns them.
struct SlotMemory {
    static let slotBytes = 8
    private static let largePageBytes = 2 << 20
    /// A table of more bytes takes large pages.
    private static let smallBytesMax = 1 << 20

    let slots: UnsafeMutablePointer<UInt64>
    let count: Int

    private static func isLarge(_ count: Int) -> Bool { count * slotBytes > smallBytesMax }

    /// How many slots fit when at least so many are wanted.
    static func count(atLeast wanted: Int) -> Int {
        guard isLarge(wanted) else { return wanted }
        let pages = (wanted * slotBytes + largePageBytes - 1) / largePageBytes
        return pages * largePageBytes / slotBytes
    }

    /// - `count`: as ``count(atLeast:)`` gives it.
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
        // A page more, to find an aligned start in it; what stands before and behind goes back.
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
