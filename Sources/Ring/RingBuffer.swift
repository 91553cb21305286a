import Synchronization

/// A bounded byte ring between one producing and one consuming thread: owns the memory and the
/// shared cursors, and tells any thread how full it is.
///
/// Records go in through a `RingProducer` and come out through a `RingConsumer`; each may live on
/// any one thread at a time, and keeps the ring alive. The layout stands in `BlockCells.swift`.
@usableFromInline
package final class RingBuffer: Sendable {
    /// The capacities a ring may have, in bytes.
    package static let capacityBytesAllowed = 4 << 10...1 << 30

    /// Caches hold a good part of it, and beyond it no memory is touched that the system would first
    /// have to clear.
    static let hotBytesDefault = 8 << 20

    /// Bytes for records and their headers, a power of two.
    package let capacity: Int
    /// How much of it is used as long as the consumer keeps up.
    let hotBytes: Int
    let cells: BlockCells
    /// Whether an end is in use; see `RingLease`.
    let hasProducer = Atomic(false)
    let hasConsumer = Atomic(false)

    /// Maps a ring of `capacity` bytes, a power of two from 4 KiB to 1 GiB.
    ///
    /// Memory is used only as far as records have reached. Any thread.
    package convenience init(capacity: Int) throws(RingError) {
        guard Self.capacityBytesAllowed.contains(capacity) else {
            throw RingError(reason: .outOfRange, capacityBytes: capacity)
        }
        try self.init(capacityOfAnySize: capacity)
    }

    /// A ring of 64 bytes or more: the tests' way to have every record meet the wrap.
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

    /// The longest payload a claim may ask for: a quarter of the capacity, so that even with the
    /// padding before the wrap it fits once the consumer has caught up.
    package var recordBytesMax: Int { capacity / 4 }

    /// Bytes published and not yet released, with headers: a moment's value.
    ///
    /// Any thread.
    package var usedBytes: Int {
        while true {
            let read = cells.loadRead()
            let written = cells.loadWritten()
            let earlyWrap = cells.loadEarlyWrap()
            // They belong together where nothing was released in between.
            guard cells.loadRead() == read else { continue }
            return cells.usedBytes(from: read, to: written, earlyWrap: earlyWrap)
        }
    }

    /// The most bytes that were ever in use when a batch was published.
    ///
    /// Any thread.
    package var highWaterBytes: Int { cells.highWater.pointee.load(ordering: .relaxed) }

    /// How often a claim found no room; its repetitions until one succeeds count once.
    ///
    /// Any thread.
    package var timesFull: Int { cells.timesFull.pointee.load(ordering: .relaxed) }
}
