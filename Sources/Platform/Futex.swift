public import CPlatform

/// Sleep and wake-up on a word of memory, see futex(2).
///
/// Any thread.
@usableFromInline
package enum Futex {
    /// Waits while the word has the expected value: until somebody wakes it, the time is over
    /// (negative: no limit), or for no reason.
    @inlinable
    package static func wait(
        _ word: UnsafePointer<UInt32>,
        while expected: UInt32,
        timeoutNanoseconds: Int64
    ) {
        _ = cplatform_futex_wait(word, expected, timeoutNanoseconds)
    }

    /// Wakes one thread that waits on the word.
    @inlinable
    package static func wakeOne(_ word: UnsafePointer<UInt32>) {
        _ = cplatform_futex_wake(word, 1)
    }
}
