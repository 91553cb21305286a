public import CPlatform

/// The machine's clocks.
///
/// Any thread.
@usableFromInline
package enum SystemClock {
    /// Nanoseconds since 1970 UTC; within 1970 and 2262, whatever the clock shows.
    @inlinable
    package static var wallNanoseconds: Int64 { cplatform_realtime_ns() }

    /// Microseconds since 1970 UTC.
    @inlinable
    package static var wallMicroseconds: Int64 { cplatform_realtime_ns() / 1_000 }

    /// Nanoseconds of a clock that is never set.
    @inlinable
    package static var monotonicNanoseconds: Int64 { cplatform_monotonic_ns() }
}
