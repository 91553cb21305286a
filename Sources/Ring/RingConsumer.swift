/// The consumer's end of a `RingBuffer`: one thread at a time.
///
///     while let record = consumer.next() { …use it in place… }
///     consumer.release()
///     if consumer.takeSpaceRequest() { …signal the producer… }
@usableFromInline
package typealias RingConsumer = ConsumerEnd<BlockCells>

/// The algorithm of `RingConsumer` over any cells; only tests that supply their own name it.
@usableFromInline
package struct ConsumerEnd<Cells: RingCells>: ~Copyable {
    @usableFromInline let cells: Cells
    /// Where the next record starts; `next()` has returned everything below.
    @usableFromInline var position: Int
    /// The read cursor as last stored.
    @usableFromInline var released: Int
    /// The written cursor as last seen, possibly old.
    @usableFromInline var writtenSeen: Int
    private let lease: RingLease?

    /// Distance in bytes between the record being read and the bytes to prefetch.
    @usableFromInline static var aheadBytes: Int { 2048 }
    /// Bytes to prefetch at most; for long records the hardware prefetches by itself.
    @usableFromInline static var fetchBytesMax: Int { 1024 }

    /// An end over `cells`; the caller ensures that it is the only one.
    package init(cells: Cells) {
        self.init(cells: cells, lease: nil)
    }

    fileprivate init(cells: Cells, lease: RingLease?) {
        self.cells = cells
        self.lease = lease
        position = cells.loadRead()
        released = position
        writtenSeen = position
    }

    /// The next record's payload, in place, 8-byte aligned, followed by 64 readable bytes; valid
    /// until `release()`.
    ///
    /// Nil if nothing more is published.
    @inlinable
    package mutating func next() -> UnsafeRawBufferPointer? {
        if isEmpty { return nil }
        var offset = position & (cells.capacity &- 1)
        var header = cells.readHeader(at: offset)
        if header.kind == RecordHeader.paddingKind {
            // Padding is published together with the record after it.
            position &+= header.recordByteCount
            offset = position & (cells.capacity &- 1)
            header = cells.readHeader(at: offset)
        }
        let size = header.recordByteCount
        precondition(
            header.kind == RecordHeader.dataKind && size <= writtenSeen &- position,
            "the ring's memory is damaged"
        )
        position &+= size
        return UnsafeRawBufferPointer(
            start: cells.records + (offset &+ RecordHeader.byteCount),
            count: header.length
        )
    }

    /// Up to `byteCount` bytes that `next()` will return soon, as an address range to prefetch: do
    /// not read it, since it may extend beyond the end of the ring.
    ///
    /// Nil if they are not published yet: a prefetch would take cache lines from the producer.
    @inlinable
    package func ahead(_ byteCount: Int) -> UnsafeRawBufferPointer? {
        let start = position &+ Self.aheadBytes
        let count = min(byteCount, Self.fetchBytesMax)
        guard start &+ count <= writtenSeen else { return nil }
        return UnsafeRawBufferPointer(
            start: cells.records + (start & (cells.capacity &- 1)),
            count: count
        )
    }

    /// Frees the room of everything `next()` returned since the last call: once per batch.
    @inlinable
    package mutating func release() {
        guard position != released else { return }
        cells.storeRead(position)
        released = position
    }

    /// Whether the producer waits for room and must now be signalled; clears the request.
    ///
    /// Call it after `release()`, once per batch, and before sleeping.
    package mutating func takeSpaceRequest() -> Bool {
        cells.exchangeSpaceRequest(false)
    }

    /// Whether `next()` has returned everything that is published.
    @inlinable
    package var isEmpty: Bool {
        mutating get {
            guard position == writtenSeen else { return false }
            writtenSeen = cells.loadWritten()
            return position == writtenSeen
        }
    }
}

extension ConsumerEnd where Cells == BlockCells {
    /// The consumer's end of `ring`.
    ///
    /// Traps if the ring has a consumer; continues after what an earlier one released.
    package init(_ ring: RingBuffer) {
        self.init(cells: ring.cells, lease: RingLease(ring, .consumer))
    }
}

extension ConsumerEnd: Sendable where Cells: Sendable {}
