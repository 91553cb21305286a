import Platform
import Synchronization

/// Where a shard's table stands, for those who do not hold the shard's lock.
///
/// A hint, for fetching memory ahead of its use: it may be a moment old, and the table it names may
/// be gone. Any thread may call ``fetchHome(of:)``; ``tell(_:)`` is for whoever holds the shard's
/// lock.
struct TableWhereabouts: ~Copyable {
    private let slots = Atomic<UInt>(0)
    private let capacity = Atomic<Int>(0)

    func tell(_ table: IdentityTable) {
        slots.store(UInt(bitPattern: table.slots), ordering: .relaxed)
        capacity.store(table.capacity, ordering: .relaxed)
    }

    /// Has the processor bring the slot near where the search for a hash begins.
    func fetchHome(of hash: UInt32) {
        let home = IdentityTable.home(hash, capacity.load(ordering: .relaxed))
        let address = slots.load(ordering: .relaxed) &+ UInt(home * IdentityTable.slotBytes)
        Processor.prefetch(UnsafeRawPointer(bitPattern: address))
    }
}
