import Synchronization

/// A bounded byte ring between one producer thread and one consumer thread; it owns the memory and
/// the shared cursors, and reports its fill level to any thread.
///
/// A `RingProducer` writes records and a `RingConsumer` reads them; each is used by one thread at a
/// time and keeps the ring alive. `BlockCells.swift` describes the layout.
@usableFromInline
package final class RingBuffer: Sendable {
    /// The capacities a ring may have, in bytes.
    package static let capacityBytesAllowed = 4 << 10...1 << 30

    /// The default of `hotBytes`: most of it fits into the caches, and the system need not clear
    /// more memory than that.
    static let hotBytesDefault = 8 << 20

    /// Bytes for records and their headers, a power of two.
    package let capacity: Int
    /// How much of the capacity is used while the consumer keeps up.
    let hotBytes: Int
    let cells: BlockCells
    /// Whether an end is in use; see `RingLease`.
    let hasProducer = Atomic(false)
    let hasConsumer = Atomic(false)

    /// Maps a ring of `capacity` bytes, a power of two from 4 KiB to 1 GiB.
    ///
    /// The system provides memory only as far as records have reached. Any thread.
    package convenience init(capacity: Int) throws(RingError) {
        guard Self.capacityBytesAllowed.contains(capacity) else {
            throw RingError(reason: .outOfRange, capacityBytes: capacity)
        }
        try self.init(capacityOfAnySize: capacity)
    }

    /// A ring of 64 bytes or more, so that tests can make every record wrap.
    init(capacityOfAnySize capacity: Int, hotBytes: Int = hotBytesDefault) throws(RingError) {
        guard capacity >= 64 else {
            throw RingError(reason: .outOfRange, capacityBytes: capacity)
        }
        guard capacity & (capacity - 1) == 0 else {
            throw RingError(reason: .notPowerOfTwo, capacityBytes: capacity)
        }
        guard let cells = BlockCells(capacity: capacity) else {
            throw RingError(reason: .outOfMemory, capacityBytes: capacity)
        }
        self.capacity = capacity
        self.hotBytes = hotBytes
        self.cells = cells
    }

    deinit {
        cells.unmap()
    }

    /// The longest payload a claim may ask for: a quarter of the capacity, so that it fits, even
    /// with padding before the wrap, once the consumer has caught up.
    package var recordBytesMax: Int { capacity / 4 }

    /// Bytes published and not yet released, headers included: a snapshot.
    ///
    /// Any thread.
    package var usedBytes: Int {
        while true {
            let read = cells.loadRead()
            let written = cells.loadWritten()
            let earlyWrap = cells.loadEarlyWrap()
            // The two cursors form a snapshot only if nothing was released in between.
            guard cells.loadRead() == read else { continue }
            return cells.usedBytes(from: read, to: written, earlyWrap: earlyWrap)
        }
    }

    /// The largest number of bytes that were in use at any publish.
    ///
    /// Any thread.
    package var highWaterBytes: Int { cells.highWater.pointee.load(ordering: .relaxed) }

    /// How often a claim found no room; retries until it succeeds count once.
    ///
    /// Any thread.
    package var timesFull: Int { cells.timesFull.pointee.load(ordering: .relaxed) }
}
