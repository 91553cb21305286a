/// The producer's end of a `RingBuffer`: one thread at a time.
///
///     while let room = producer.claim(message.count) {
///         room.copyMemory(from: message.bytes, byteCount: message.count)
///         …next message…
///     }
///     producer.publish()
@usableFromInline
package typealias RingProducer = ProducerEnd<BlockCells, FutexBed>

/// The algorithm of `RingProducer` over any cells; only tests that supply their own name it.
@usableFromInline
package struct ProducerEnd<Cells: RingCells, Bed: ParkingCell>: ~Copyable {
    @usableFromInline let cells: Cells
    @usableFromInline let bed: Bed
    /// Where the next record starts; everything below is claimed.
    @usableFromInline var claimed: Int
    /// The written cursor as last stored.
    @usableFromInline var published: Int
    /// The read cursor as last seen, possibly old.
    @usableFromInline var readSeen: Int
    /// The largest number of bytes in use at any publish so far.
    @usableFromInline var highWater: Int
    /// How much of the ring is used while the consumer keeps up; see `wrapEarly`.
    @usableFromInline let hotBytes: Int
    /// Where the padding of the last early wrap starts; -1 before the first.
    @usableFromInline var earlyWrap: Int
    /// The room that the last claim lacked, padding included; 0 after a successful claim.
    @usableFromInline var lackingBytes = 0
    private let lease: RingLease?

    /// An end over `cells` that wakes `bed`; the caller ensures that it is the only one.
    package init(cells: Cells, bed: Bed, hotBytes: Int) {
        self.init(cells: cells, bed: bed, hotBytes: hotBytes, highWater: 0, earlyWrap: -1)
    }

    fileprivate init(
        cells: Cells,
        bed: Bed,
        hotBytes: Int,
        highWater: Int,
        earlyWrap: Int,
        lease: RingLease? = nil
    ) {
        self.cells = cells
        self.bed = bed
        self.hotBytes = hotBytes
        self.highWater = highWater
        self.earlyWrap = earlyWrap
        self.lease = lease
        claimed = cells.loadWritten()
        published = claimed
        readSeen = cells.loadRead()
    }

    /// Reserves a record of `byteCount` bytes (1 to `recordBytesMax`; anything else traps): 8-byte
    /// aligned and contiguous; fill it before `publish()` makes it visible to the consumer.
    ///
    /// Nil if the ring is full. Then publish what is claimed, and either retry later or call
    /// `requestSpaceSignal()`.
    @inlinable
    package mutating func claim(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let capacity = cells.capacity
        precondition(byteCount >= 1 && byteCount <= capacity / 4, "no such record fits this ring")
        let size = RecordHeader.recordByteCount(payload: byteCount)
        var offset = claimed & (capacity &- 1)
        if offset >= hotBytes, wrapEarly(from: offset, for: size) { offset = 0 }
        let bytesToEnd = capacity &- offset
        let needed = size <= bytesToEnd ? size : bytesToEnd &+ size
        guard hasRoom(needed) else { return nil }
        if size > bytesToEnd {
            pad(offset)
            offset = 0
        }
        cells.writeHeader(
            RecordHeader(length: byteCount, kind: RecordHeader.dataKind),
            at: offset
        )
        claimed &+= needed
        return cells.records + (offset &+ RecordHeader.byteCount)
    }

    /// Fills the rest of the ring with a padding record.
    @inlinable
    func pad(_ offset: Int) {
        let length = cells.capacity &- offset &- RecordHeader.byteCount
        cells.writeHeader(
            RecordHeader(length: length, kind: RecordHeader.paddingKind),
            at: offset
        )
    }

    /// Wraps to the start of the ring, where memory is in the cache, although there is room up to
    /// the end: if at most a quarter of the hot bytes is unread.
    ///
    /// The rest of the ring is unreachable until the consumer has passed the padding. So there is
    /// one early wrap at a time, and only if the record fits after it.
    @inlinable
    mutating func wrapEarly(from offset: Int, for size: Int) -> Bool {
        if claimed &- readSeen > hotBytes / 4 { readSeen = cells.loadRead() }
        let used = claimed &- readSeen
        guard used <= hotBytes / 4, size <= offset &- used, readSeen > earlyWrap else {
            return false
        }
        pad(offset)
        earlyWrap = claimed
        cells.storeEarlyWrap(claimed)
        claimed &+= cells.capacity &- offset
        return true
    }

    /// Bytes claimed and not yet read, without the padding of an early wrap; an upper bound.
    @inlinable var usedSeen: Int {
        cells.usedBytes(from: readSeen, to: claimed, earlyWrap: earlyWrap)
    }

    @inlinable
    mutating func hasRoom(_ needed: Int) -> Bool {
        if needed > cells.capacity &- (claimed &- readSeen) {
            readSeen = cells.loadRead()
            if needed > cells.capacity &- (claimed &- readSeen) {
                if lackingBytes == 0 { cells.countFull() }
                lackingBytes = needed
                return false
            }
        }
        lackingBytes = 0
        return true
    }

    /// Makes every record claimed since the last call visible to the consumer, with one store, and
    /// wakes it if it sleeps: once per batch.
    ///
    /// Does nothing if nothing was claimed.
    @inlinable
    package mutating func publish() {
        guard claimed != published else { return }
        // The cached cursor may be old, which makes the ring look fuller than it is.
        if usedSeen > highWater {
            readSeen = cells.loadRead()
            if usedSeen > highWater {
                highWater = usedSeen
                cells.storeHighWater(highWater)
            }
        }
        cells.storeWritten(claimed)
        published = claimed
        bed.wakeIfParked()
    }

    /// Bytes in use now, including what is claimed but not published: compare it with half the
    /// capacity before writing the next record to this ring.
    @inlinable
    package mutating func usedBytes() -> Int {
        readSeen = cells.loadRead()
        return usedSeen
    }

    /// Where the next record starts; positions only grow.
    @inlinable package var position: Int { claimed }

    /// Up to where the consumer has released records, as last seen.
    @inlinable package var releasedPosition: Int { readSeen }

    /// Asks the consumer for a signal once it has released something; call it after `claim` failed.
    ///
    /// Traps unless everything claimed is published: otherwise no room could ever appear.
    ///
    /// - Returns: true if there is room now: claim again instead of waiting (a signal may still
    ///   follow). False: wait; `takeSpaceRequest()` will tell the consumer. After the signal the
    ///   room may still be too small: claim, and ask again.
    package mutating func requestSpaceSignal() -> Bool {
        precondition(claimed == published, "waiting for room that unpublished records take")
        _ = cells.exchangeSpaceRequest(true)
        readSeen = cells.loadRead()
        return lackingBytes <= cells.capacity - (claimed - readSeen)
    }
}

extension ProducerEnd where Cells == BlockCells, Bed == FutexBed {
    /// The producer's end of `ring`; publishing wakes `consumer`.
    ///
    /// Traps if the ring has a producer; continues after what an earlier one published.
    package init(_ ring: RingBuffer, consumer: Parker) {
        let lease = RingLease(ring, .producer, waking: consumer)
        self.init(
            cells: ring.cells,
            bed: consumer.bed,
            hotBytes: ring.hotBytes,
            highWater: ring.highWaterBytes,
            earlyWrap: ring.cells.loadEarlyWrap(),
            lease: lease
        )
    }
}

extension ProducerEnd: Sendable where Cells: Sendable, Bed: Sendable {}
