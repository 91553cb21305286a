/// Where each id's record stands: open addressing with linear probing.
///
/// A slot is the hash's lower half and the record's place, in one word; 0 is free. Slots are in the
/// order of their hashes, so a table of any size will do, and growing is one walk.
///
/// Not thread-safe: whoever holds the shard's lock calls.
struct IdentityTable {
    /// At most so full: then a search for what is not there looks at some ten slots in a row.
    private static let fullNumerator = 4
    private static let fullDenominator = 5
    static let capacityFirst = 64
    static let slotBytes = SlotMemory.slotBytes

    private var memory = SlotMemory(count: capacityFirst)
    private(set) var count = 0

    func free() { memory.free() }

    var slots: UnsafeMutablePointer<UInt64> { memory.slots }
    var capacity: Int { memory.count }
    var byteCount: Int { capacity * Self.slotBytes }

    /// Whether one more needs a larger table.
    var isFull: Bool { (count + 1) * Self.fullDenominator > capacity * Self.fullNumerator }

    var capacityNext: Int { SlotMemory.count(atLeast: capacity + capacity / 2) }

    /// Where the search for a hash begins.
    func home(_ hash: UInt32) -> Int { Self.home(hash, capacity) }

    static func home(_ hash: UInt32, _ capacity: Int) -> Int {
        Int((UInt64(hash) &* UInt64(capacity)) >> 32)
    }

    func following(_ at: Int) -> Int { at + 1 == capacity ? 0 : at + 1 }

    static func hash(_ slot: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: slot >> 32) }

    /// The place of the slot's record, in bytes; nil when the slot is free.
    func place(at index: Int) -> Int? {
        let slot = slots[index]
        return slot == 0 ? nil : (Int(UInt32(truncatingIfNeeded: slot)) - 1) * 4
    }

    private static func slot(_ hash: UInt32, _ place: Int) -> UInt64 {
        UInt64(hash) << 32 | UInt64(UInt32(truncatingIfNeeded: place / 4 + 1))
    }

    /// Takes a record in.
    ///
    /// - `at`: as ``freeSlot(_:)`` gives it, or a search that found nothing.
    /// - `place`: a multiple of 4, below 16 GiB.
    mutating func insert(_ hash: UInt32, place: Int, at: Int) {
        slots[at] = Self.slot(hash, place)
        count += 1
    }

    /// Where a record with this hash goes; there must be room.
    func freeSlot(_ hash: UInt32) -> Int {
        var at = home(hash)
        while slots[at] != 0 { at = following(at) }
        return at
    }

    /// The slot of a record; nil when the table does not know it any more.
    func find(_ hash: UInt32, place: Int) -> Int? {
        let wanted = Self.slot(hash, place)
        var at = home(hash)
        while slots[at] != 0 {
            if slots[at] == wanted { return at }
            at = following(at)
        }
        return nil
    }

    /// Frees a slot and closes the gap, so that no search ends too early.
    mutating func remove(at index: Int) {
        var hole = index
        var at = following(index)
        while slots[at] != 0 {
            let home = self.home(Self.hash(slots[at]))
            let staysBehind = at > hole ? home > hole && home <= at : home > hole || home <= at
            if !staysBehind {
                slots[hole] = slots[at]
                hole = at
            }
            at = following(at)
        }
        slots[hole] = 0
        count -= 1
    }

    /// Moves all into a table of ``capacityNext``.
    mutating func grow() {
        let old = memory
        memory = SlotMemory(count: capacityNext)
        for at in 0..<old.count where old.slots[at] != 0 {
            slots[freeSlot(Self.hash(old.slots[at]))] = old.slots[at]
        }
        old.free()
    }
}
