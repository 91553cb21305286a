// The memory of a ring: one anonymous mapping.
//
//     offset          size      what                     written by   order
//     0               8         written cursor           producer     release / acquire
//     8               8         high water, bytes        producer     relaxed
//     16              8         times full               producer     relaxed
//     24              8         last early wrap          producer     relaxed
//     128             8         read cursor              consumer     release / acquire
//     256             4         space request, 0 or 1    both         exchange, acquire + release
//     4096            capacity  records                  producer     plain
//     4096+capacity   4096      guard, always zero       nobody
//
// Cursors count bytes since the ring was made and never wrap: at 10 GB/s, 2⁶³ bytes last 29 years.
// `cursor & (capacity - 1)` is the offset into the records. The fields of the two ends are
// 128 bytes apart: a cache line plus the adjacent line that the hardware prefetches with it.
//
// A record is a header and its payload, rounded up to 8 bytes, always in one piece:
//
//     0   4   length    bytes of payload, not rounded (little-endian, as the machine)
//     4   4   kind      1 data, 2 padding
//     8   …   payload
//
// If a record does not fit before the end, a padding record fills the rest and the record starts at
// offset 0; one store publishes both. While the consumer keeps up, the producer wraps early, after
// the first mebibytes, so that it reuses memory that is in the cache. The guard allows a vectorised
// reader to load up to 64 bytes beyond the last payload without a fault.
//
// Why no record is torn, lost or overwritten:
//
//  1. The producer writes headers and payloads with plain stores, then stores the written cursor
//     with release. The consumer loads it with acquire and reads only below it: it sees those
//     bytes.
//  2. The consumer reads with plain loads, then stores the read cursor with release. The producer
//     loads it with acquire and writes only below read + capacity: it overwrites nothing in use.
//  3. Either side may use an old copy of the other's cursor, because cursors only grow: an old copy
//     means less to read or less room, never wrong bytes.
//  4. A side that waits must not miss the other's last step ("I published, you slept"; "I released,
//     you waited"). One side stores its cursor and then reads the flag; the other sets the flag and
//     then reads the cursor. With plain accesses each load could overtake the own store, on x86
//     too, and both sides would read old values. So every access to a flag is an atomic exchange.
//     Exchanges on one location are totally ordered: the second reads what the first (or a later
//     one) wrote and, with acquire and release, sees everything before it. If the flag was set
//     first, the other side finds it and wakes; if not, the second look sees the cursor.
// The record layout, the padding record and the cached cursors are taken from Agrona's ring buffers
// (https://github.com/aeron-io/agrona).

import Platform
public import Synchronization

/// The production cells of a ring: `Atomic` at fixed offsets of one raw block, because Swift cannot
/// align a type to a cache line.
///
/// Does not own the block; `RingBuffer` does, and frees it.
@usableFromInline
package struct BlockCells: RingCells, @unchecked Sendable {
    // Unchecked: the pointers never change, and what they point to is atomic or ordered by (1),
    // (2).

    @usableFromInline let written: UnsafeMutablePointer<Atomic<Int>>
    @usableFromInline let read: UnsafeMutablePointer<Atomic<Int>>
    @usableFromInline let spaceRequest: UnsafeMutablePointer<Atomic<UInt32>>
    @usableFromInline let highWater: UnsafeMutablePointer<Atomic<Int>>
    @usableFromInline let timesFull: UnsafeMutablePointer<Atomic<Int>>
    @usableFromInline let earlyWrap: UnsafeMutablePointer<Atomic<Int>>
    /// The first byte of the records, page-aligned.
    @usableFromInline package let records: UnsafeMutableRawPointer
    /// Bytes of the records' memory, a power of two.
    @usableFromInline package let capacity: Int

    private static let pageBytes = 4096
    /// Bytes of a block from which on it asks for huge pages.
    private static let hugeBytesMin = 4 << 20

    /// Maps and initialises the block; returns nil if the system has no memory.
    init?(capacity: Int) {
        let byteCount = Self.mappedByteCount(capacity)
        guard let block = Pages.map(byteCount) else { return nil }
        // Large memory is walked from end to end.
        if byteCount >= Self.hugeBytesMin { Pages.adviseHuge(block, byteCount) }
        written = Self.cell(Int(0), in: block, at: 0)
        highWater = Self.cell(Int(0), in: block, at: 8)
        timesFull = Self.cell(Int(0), in: block, at: 16)
        earlyWrap = Self.cell(Int(-1), in: block, at: 24)
        read = Self.cell(Int(0), in: block, at: 128)
        spaceRequest = Self.cell(UInt32(0), in: block, at: 256)
        records = block + Self.pageBytes
        self.capacity = capacity
    }

    /// Unmaps the block.
    ///
    /// No end of the ring may still exist.
    func unmap() {
        Pages.unmap(records - Self.pageBytes, Self.mappedByteCount(capacity))
    }

    private static func mappedByteCount(_ capacity: Int) -> Int {
        pageBytes + capacity + pageBytes
    }

    private static func cell<Value: AtomicRepresentable>(
        _ value: Value,
        in block: UnsafeMutableRawPointer,
        at offset: Int
    ) -> UnsafeMutablePointer<Atomic<Value>> {
        let cell = (block + offset).bindMemory(to: Atomic<Value>.self, capacity: 1)
        cell.initialize(to: Atomic(value))
        return cell
    }

    @inlinable
    package func loadWritten() -> Int {
        written.pointee.load(ordering: .acquiring)
    }

    @inlinable
    package func storeWritten(_ position: Int) {
        written.pointee.store(position, ordering: .releasing)
    }

    @inlinable
    package func loadRead() -> Int {
        read.pointee.load(ordering: .acquiring)
    }

    @inlinable
    package func storeRead(_ position: Int) {
        read.pointee.store(position, ordering: .releasing)
    }

    @inlinable
    package func writeHeader(_ header: RecordHeader, at offset: Int) {
        (records + offset).storeBytes(of: header.word, as: UInt64.self)
    }

    @inlinable
    package func readHeader(at offset: Int) -> RecordHeader {
        RecordHeader(word: (records + offset).load(as: UInt64.self))
    }

    @inlinable
    package func exchangeSpaceRequest(_ isWaiting: Bool) -> Bool {
        spaceRequest.pointee.exchange(isWaiting ? 1 : 0, ordering: .acquiringAndReleasing) == 1
    }

    @inlinable
    package func storeEarlyWrap(_ position: Int) {
        earlyWrap.pointee.store(position, ordering: .relaxed)
    }

    /// Where the padding of the last early wrap starts; -1 before the first.
    func loadEarlyWrap() -> Int {
        earlyWrap.pointee.load(ordering: .relaxed)
    }

    @inlinable
    package func storeHighWater(_ bytes: Int) {
        highWater.pointee.store(bytes, ordering: .relaxed)
    }

    @inlinable
    package func countFull() {
        // One writer: no read-modify-write is needed.
        timesFull.pointee.store(timesFull.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }
}
