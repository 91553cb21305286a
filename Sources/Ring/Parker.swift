import Platform
public import Synchronization

/// The place where one consumer thread sleeps while all its rings are empty; any number of
/// producers, or other threads, wake it.
///
/// Waking costs one atomic exchange, plus a system call if the consumer sleeps. Point 4 in
/// `BlockCells.swift` explains why no wake-up is lost.
@usableFromInline
package final class Parker: Sendable {
    @usableFromInline let bed: FutexBed

    /// A parker whose consumer is awake.
    ///
    /// Any thread.
    package init() {
        bed = FutexBed()
    }

    deinit {
        bed.deallocate()
    }

    /// Sleeps until `wake()` or the timeout, and may return early for no reason: look for work
    /// afterwards in any case.
    ///
    /// The one consumer thread only.
    ///
    /// - Parameters:
    ///   - timeoutNanoseconds: the longest sleep; negative means no limit.
    ///   - hasWork: checks everything a waker may have published before it called `wake()`; called
    ///     once, after this thread has announced that it is about to sleep.
    package func park(timeoutNanoseconds: Int64, unless hasWork: () -> Bool) {
        bed.park(timeoutNanoseconds: timeoutNanoseconds, unless: hasWork)
    }

    /// Ends the sleep of the consumer, or prevents the one about to begin; call it after publishing.
    ///
    /// Does nothing if the consumer is awake. Any thread.
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
        // Woken, timed out or interrupted: the caller looks for work whatever the reason.
        Futex.wait(futexWord, while: 1, timeoutNanoseconds: timeoutNanoseconds)
    }

    @usableFromInline
    package func wakeSleeper() {
        Futex.wakeOne(futexWord)
    }
}
