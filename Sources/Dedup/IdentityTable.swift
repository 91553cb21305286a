/// The places of the records: a hash table with open addressing and linear probing.
///
/// A slot is one word of the hash's lower half and the record's place; 0 is free. Slots are in the
/// order of their hashes, so any table size works, and growing is one pass.
///
/// Not thread-safe: the caller holds the shard's lock.
struct IdentityTable {
    /// The maximum load factor: a search for an absent id then visits about ten consecutive slots.
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

    /// Whether one more record needs a larger table.
    var isFull: Bool { (count + 1) * Self.fullDenominator > capacity * Self.fullNumerator }

    var capacityNext: Int { SlotMemory.count(atLeast: capacity + capacity / 2) }

    /// The slot where the search for a hash begins.
    func home(_ hash: UInt32) -> Int { Self.home(hash, capacity) }

    static func home(_ hash: UInt32, _ capacity: Int) -> Int {
        Int((UInt64(hash) &* UInt64(capacity)) >> 32)
    }

    func following(_ at: Int) -> Int { at + 1 == capacity ? 0 : at + 1 }

    static func hash(_ slot: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: slot >> 32) }

    /// The place of the slot's record, in bytes; nil if the slot is free.
    func place(at index: Int) -> Int? {
        let slot = slots[index]
        return slot == 0 ? nil : (Int(UInt32(truncatingIfNeeded: slot)) - 1) * 4
    }

    private static func slot(_ hash: UInt32, _ place: Int) -> UInt64 {
        UInt64(hash) << 32 | UInt64(UInt32(truncatingIfNeeded: place / 4 + 1))
    }

    /// Inserts a record.
    ///
    /// - `at`: a free slot, from ``freeSlot(_:)`` or from a search that found nothing.
    /// - `place`: a multiple of 4, below 16 GiB.
    mutating func insert(_ hash: UInt32, place: Int, at: Int) {
        slots[at] = Self.slot(hash, place)
        count += 1
    }

    /// Returns the slot for a new record with this hash; the table must not be full.
    func freeSlot(_ hash: UInt32) -> Int {
        var at = home(hash)
        while slots[at] != 0 { at = following(at) }
        return at
    }

    /// Returns the slot of a record; nil if the table no longer contains it.
    func find(_ hash: UInt32, place: Int) -> Int? {
        let wanted = Self.slot(hash, place)
        var at = home(hash)
        while slots[at] != 0 {
            if slots[at] == wanted { return at }
            at = following(at)
        }
        return nil
    }

    /// Frees a slot and closes the gap, so that no search ends early.
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

    /// Moves all slots into a table of ``capacityNext``.
    mutating func grow() {
        let old = memory
        memory = SlotMemory(count: capacityNext)
        for at in 0..<old.count where old.slots[at] != 0 {
            slots[freeSlot(Self.hash(old.slots[at]))] = old.slots[at]
        }
        old.free()
    }
}
