import Platform
public import Synchronization

/// One consumer thread's bed: it sleeps here when all its rings are empty, and any number of
/// producers (or whoever wants its attention) wake it.
///
/// Waking costs an atomic exchange, and a system call only if the consumer sleeps. Why no wake-up
/// is lost: point 4 in `BlockCells.swift`.
@usableFromInline
package final class Parker: Sendable {
    @usableFromInline let bed: FutexBed

    /// A bed nobody sleeps in.
    ///
    /// Any thread.
    package init() {
        bed = FutexBed()
    }

    deinit {
        bed.deallocate()
    }

    /// Sleeps until `wake()`, or until the time is over, or for no reason at all: look for work
    /// afterwards in any case.
    ///
    /// The one consumer thread only.
    ///
    /// - Parameters:
    ///   - timeoutNanoseconds: how long at most; negative means for ever.
    ///   - hasWork: looks at everything a waker may have published before it called `wake()`; asked
    ///     once, after the announcement that this thread is about to sleep.
    package func park(timeoutNanoseconds: Int64, unless hasWork: () -> Bool) {
        bed.park(timeoutNanoseconds: timeoutNanoseconds, unless: hasWork)
    }

    /// Ends the sleep of the consumer, or the one it is about to begin; call it after publishing.
    ///
    /// Does nothing to a consumer that is awake. Any thread.
    @inlinable
    package func wake() {
        bed.wakeIfParked()
    }
}

/// The production cell of a `Parker`: a flag of 32 bits, alone on its cache lines, and futex(2).
@usableFromInline
package struct FutexBed: ParkingCell, @unchecked Sendable {
    // Unchecked: the pointer never changes, and what it points to is atomic.

    @usableFromInline let flag: UnsafeMutablePointer<Atomic<UInt32>>

    init() {
        let block = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
        flag = block.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
        flag.initialize(to: Atomic(0))
    }

    func deallocate() {
        UnsafeMutableRawPointer(flag).deallocate()
    }

    private var futexWord: UnsafePointer<UInt32> {
        UnsafeRawPointer(flag).assumingMemoryBound(to: UInt32.self)
    }

    @inlinable
    package func exchangeParked(_ isParked: Bool) -> Bool {
        flag.pointee.exchange(isParked ? 1 : 0, ordering: .acquiringAndReleasing) == 1
    }

    @usableFromInline
    package func sleepWhileParked(timeoutNanoseconds: Int64) {
        // Woken, too late, interrupted: the caller looks for work whatever the reason.
        Futex.wait(futexWord, while: 1, timeoutNanoseconds: timeoutNanoseconds)
    }

    @usableFromInline
    package func wakeSleeper() {
        Futex.wakeOne(futexWord)
    }
}
