/// Everything the two ends of a ring share, one requirement per memory access.
///
/// The algorithm in `ProducerEnd` and `ConsumerEnd` accesses shared memory only through these
/// requirements, so a test can substitute a scheduler and try every order of accesses. In the
/// daemon they are `BlockCells`, specialised to plain instructions.
@usableFromInline
package protocol RingCells {
    /// The first byte of the records; all addresses are offsets from here.
    var records: UnsafeMutableRawPointer { get }
    /// Bytes of the records' memory, a power of two.
    var capacity: Int { get }

    /// Acquire: everything written before the value was stored is visible afterwards.
    func loadWritten() -> Int
    /// Release: makes everything written before it visible along with `position`. Producer only.
    func storeWritten(_ position: Int)
    /// Acquire: the consumer had finished reading everything before the value.
    func loadRead() -> Int
    /// Release: everything before `position` has been read. Consumer only.
    func storeRead(_ position: Int)

    /// Plain store of a record's header, `offset` bytes into the records. Producer only.
    func writeHeader(_ header: RecordHeader, at offset: Int)
    /// Plain load of a record's header. Consumer only.
    func readHeader(at offset: Int) -> RecordHeader

    /// Sets whether the producer waits for room and returns the old value: acquiring and releasing.
    func exchangeSpaceRequest(_ isWaiting: Bool) -> Bool

    /// Statistics, relaxed: where the padding of an early wrap starts. Producer only.
    func storeEarlyWrap(_ position: Int)
    /// Statistics, relaxed; `bytes` only grows. Producer only.
    func storeHighWater(_ bytes: Int)
    /// Statistics, relaxed: counts one claim that found no room. Producer only.
    func countFull()
}

extension RingCells {
    /// Bytes of records between two cursors, without the padding of an early wrap that `read` has
    /// not passed.
    @inlinable
    func usedBytes(from read: Int, to end: Int, earlyWrap: Int) -> Int {
        let isPending = read <= earlyWrap && earlyWrap < end
        return end &- read &- (isPending ? capacity &- earlyWrap & (capacity &- 1) : 0)
    }
}

/// The state that a parked consumer and its wakers share, one requirement per access; see `Parker`.
@usableFromInline
package protocol ParkingCell {
    /// Sets whether the consumer is, or is about to be, asleep, and returns the old value: a
    /// read-modify-write, acquiring and releasing.
    func exchangeParked(_ isParked: Bool) -> Bool
    /// Sleeps while the flag is set; may return early for no reason. Negative: no limit.
    func sleepWhileParked(timeoutNanoseconds: Int64)
    /// Wakes the sleeper, if there is one.
    func wakeSleeper()
}

extension ParkingCell {
    /// The sleeper's half: announce, look again, sleep, withdraw.
    ///
    /// The last step is an exchange too: a plain store would break the chain of exchanges that
    /// shows the next look what wakers published before they found nobody asleep.
    @inlinable
    package func park(timeoutNanoseconds: Int64, unless hasWork: () -> Bool) {
        _ = exchangeParked(true)
        if !hasWork() {
            sleepWhileParked(timeoutNanoseconds: timeoutNanoseconds)
        }
        _ = exchangeParked(false)
    }

    /// The waker's half, after publishing; makes a system call only if the consumer sleeps.
    @inlinable
    package func wakeIfParked() {
        if exchangeParked(false) {
            wakeSleeper()
        }
    }
}
