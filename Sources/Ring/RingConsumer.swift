/// The consumer's end of a `RingBuffer`: one thread at a time.
///
///     while let record = consumer.next() { …use it in place… }
///     consumer.release()
///     if consumer.takeSpaceRequest() { …signal the producer… }
@usableFromInline
package typealias RingConsumer = ConsumerEnd<BlockCells>

/// What `RingConsumer` is, over any cells; spell it that way only where a test puts its own.
@usableFromInline
package struct ConsumerEnd<Cells: RingCells>: ~Copyable {
    @usableFromInline let cells: Cells
    /// Where the next record starts; everything below has been given out by `next()`.
    @usableFromInline var position: Int
    /// The read cursor as last stored.
    @usableFromInline var released: Int
    /// The written cursor as last seen, possibly old.
    @usableFromInline var writtenSeen: Int
    private let lease: RingLease?

    /// Bytes between what is read now and what is fetched for later.
    @usableFromInline static var aheadBytes: Int { 2048 }
    /// Bytes to fetch at most; the processor sees by itself to those of long records.
    @usableFromInline static var fetchBytesMax: Int { 1024 }

    /// An end over `cells`; the caller sees to it that there is one.
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

    /// The next record's payload, in place, 8-byte aligned, with 64 readable bytes behind it; valid
    /// until `release()`.
    ///
    /// Nil: nothing more is published.
    @inlinable
    package mutating func next() -> UnsafeRawBufferPointer? {
        if isEmpty { return nil }
        var offset = position & (cells.capacity &- 1)
        var header = cells.readHeader(at: offset)
        if header.kind == RecordHeader.paddingKind {
            // Padding is published together with the record behind it.
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

    /// Where up to `byteCount` bytes stand that `next()` will give out in a moment, to be fetched: a
    /// hint, not to be read, since it may lead beyond the end of the ring.
    ///
    /// Nil where they are not published: the producer would lose the lines that it is writing.
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

    /// Gives back the room of everything `next()` returned since the last call: once a batch.
    @inlinable
    package mutating func release() {
        guard position != released else { return }
        cells.storeRead(position)
        released = position
    }

    /// Whether the producer waits for room and must now be signalled, once: call it after
    /// `release()`, once a batch, and before sleeping.
    package mutating func takeSpaceRequest() -> Bool {
        cells.exchangeSpaceRequest(false)
    }

    /// Whether nothing is published that `next()` has not given out.
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
    /// Traps if the ring has a consumer; goes on behind what an earlier one released.
    package init(_ ring: RingBuffer) {
        self.init(cells: ring.cells, lease: RingLease(ring, .consumer))
    }
}

extension ConsumerEnd: Sendable where Cells: Sendable {}
