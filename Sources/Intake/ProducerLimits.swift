import Synchronization

/// What each producer may send; 0 is no limit.
package struct ProducerLimits: Sendable, Equatable {
    package var eventsPerSecond: Int
    /// Payload bytes as received.
    package var bytesPerSecond: Int
    /// Bytes of lines before compression, per day in UTC.
    package var bytesPerDay: Int

    package init(eventsPerSecond: Int = 0, bytesPerSecond: Int = 0, bytesPerDay: Int = 0) {
        self.eventsPerSecond = eventsPerSecond
        self.bytesPerSecond = bytesPerSecond
        self.bytesPerDay = bytesPerDay
    }

    package var isNone: Bool { self == ProducerLimits() }

    /// Whether what is received is limited by time.
    package var hasRate: Bool { eventsPerSecond > 0 || bytesPerSecond > 0 }
}

/// How much a producer may still send under its limits.
///
/// Rates are token buckets that hold one second's worth: what was taken lowers them, below zero the
/// producer waits. So a message is never split, and a producer exceeds its rate by at most the
/// messages that were taken at once.
///
/// Any thread may call.
package final class ProducerAllowance: Sendable {
    private struct State {
        var bytes = TokenBucket()
        var events = TokenBucket()
        /// Events charged before a writer read them: one per message.
        var prepaid = 0
        /// Days since 1970 UTC, and bytes of the lines of that day.
        var day: Int64 = 0
        var dayBytes = 0
    }

    private static let dayMicroseconds: Int64 = 86_400_000_000

    private let state = Mutex(State())
    /// Events read from its messages that were not yet charged.
    private let uncharged = Atomic<Int>(0)

    package init() {}

    /// Charges what was received, and the events that writers found since the last call; returns how
    /// long the producer has to wait before more is taken from it, in nanoseconds.
    ///
    /// A message is charged as one event, and the others when a writer has read it.
    ///
    /// `now`: monotonic nanoseconds.
    package func charge(
        messages: Int,
        bytes: Int,
        of limits: ProducerLimits,
        at now: Int64
    ) -> Int64 {
        guard limits.hasRate else { return 0 }
        let read = uncharged.exchange(0, ordering: .relaxed)
        return state.withLock { state in
            let further = max(0, read - state.prepaid)
            state.prepaid = max(0, state.prepaid - read) + messages
            return max(
                state.bytes.take(bytes, rate: limits.bytesPerSecond, at: now),
                state.events.take(messages + further, rate: limits.eventsPerSecond, at: now)
            )
        }
    }

    /// Whether the producer has to wait now.
    package func isSpent(at now: Int64, of limits: ProducerLimits) -> Bool {
        state.withLock { state in
            var (bytes, events) = (state.bytes, state.events)
            return bytes.take(0, rate: limits.bytesPerSecond, at: now) > 0
                || events.take(0, rate: limits.eventsPerSecond, at: now) > 0
        }
    }

    /// Notes events that were read from its messages.
    package func add(events: Int) {
        uncharged.wrappingAdd(events, ordering: .relaxed)
    }

    /// Notes bytes of lines that were written.
    ///
    /// `wall`: microseconds since 1970 UTC.
    package func add(written bytes: Int, at wall: Int64) {
        let day = wall / Self.dayMicroseconds
        state.withLock { state in
            if state.day != day { (state.day, state.dayBytes) = (day, 0) }
            state.dayBytes += bytes
        }
    }

    /// Whether it has used up the day of `wall`, microseconds since 1970 UTC.
    package func isDaySpent(on wall: Int64, of limits: ProducerLimits) -> Bool {
        limits.bytesPerDay > 0 && written(on: wall) >= limits.bytesPerDay
    }

    /// Bytes of lines written on the day of `wall`, microseconds since 1970 UTC.
    package func written(on wall: Int64) -> Int {
        let day = wall / Self.dayMicroseconds
        return state.withLock { $0.day == day ? $0.dayBytes : 0 }
    }
}
