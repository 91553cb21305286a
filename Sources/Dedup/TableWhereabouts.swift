import Platform
import Synchronization

/// The address of a shard's table, for threads that do not hold the shard's lock.
///
/// A hint for prefetching: it may be out of date, and its table may be freed. Any thread may call
/// ``fetchHome(of:)``; only the holder of the shard's lock may call ``tell(_:)``.
struct TableWhereabouts: ~Copyable {
    private let slots = Atomic<UInt>(0)
    private let capacity = Atomic<Int>(0)

    func tell(_ table: IdentityTable) {
        slots.store(UInt(bitPattern: table.slots), ordering: .relaxed)
        capacity.store(table.capacity, ordering: .relaxed)
    }

    /// Prefetches the slot where the search for a hash begins.
    func fetchHome(of hash: UInt32) {
        let home = IdentityTable.home(hash, capacity.load(ordering: .relaxed))
        let address = slots.load(ordering: .relaxed) &+ UInt(home * IdentityTable.slotBytes)
        Processor.prefetch(UnsafeRawPointer(bitPattern: address))
    }
}
