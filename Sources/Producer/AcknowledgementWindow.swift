/// Which messages are on their way to an acknowledgement, and what to do when one comes or does
/// not.
///
/// A pure value: it is told what happened and when, and says what to do; it has no socket and no
/// clock. A message is in one of three states:
/// - *in flight*: sent, its answer outstanding. After `retryAfter` without one it is sent again,
///   with the same id and the same bytes, as often as it takes.
/// - *put off*: the collector was unavailable. Sent again after `retryAfter`, like the above.
/// - *gone*: committed or rejected. A further answer for it is late, counted and ignored.
package struct AcknowledgementWindow: Sendable {
    /// What to do with a message after an answer.
    package enum Action: Equatable, Sendable {
        /// It is on stable storage: so many events, without those in quarantine at these places.
        case acknowledged(id: UInt64, events: Int, quarantined: [Int])
        /// It was refused for good; so many events were not taken.
        case rejected(id: UInt64, events: Int, reason: String)
        /// Wait: ``nextRetry(at:)`` will name it.
        case putOff(id: UInt64, reason: String)
        /// Nothing waits for this answer: the second one to a message that was sent again.
        case ignored(id: UInt64)
    }

    private struct Entry { var events: Int; var attempt: Int }
    private struct Alarm { let id: UInt64; let attempt: Int; let due: Duration }

    /// How many messages may be in flight.
    package let capacity: Int
    /// How long an answer may take.
    package let retryAfter: Duration
    /// Messages that were sent again, each time.
    package private(set) var retried = 0
    /// Answers nothing waited for.
    package private(set) var late = 0

    private var entries: [UInt64: Entry] = [:]
    private var lastId: UInt64 = 0
    /// In order of time, since every alarm is set the same time ahead.
    ///
    /// One of an earlier attempt, or of a message that is gone, is passed over when its turn comes.
    private var alarms: [Alarm] = []
    private var firstAlarm = 0

    /// A window for `capacity` messages, at least one.
    package init(capacity: Int, retryAfter: Duration) {
        precondition(capacity > 0, "a window has room for at least one message")
        self.capacity = capacity
        self.retryAfter = retryAfter
        entries.reserveCapacity(capacity)
    }

    /// Whether another message may be sent.
    package var hasRoom: Bool { entries.count < capacity }
    /// How many messages have no answer yet.
    package var inFlight: Int { entries.count }
    /// How many events those have.
    package var eventsInFlight: Int { entries.values.reduce(0) { $0 + $1.events } }

    /// A message of so many events is being sent; gives the id it carries.
    ///
    /// The caller has asked ``hasRoom``.
    package mutating func submit(events: Int, at now: Duration) -> UInt64 {
        precondition(hasRoom, "the window is full")
        lastId += 1
        entries[lastId] = Entry(events: events, attempt: 1)
        setAlarm(lastId, attempt: 1, at: now)
        return lastId
    }

    /// An answer to the message `id` has come.
    package mutating func receive(_ reply: Reply, for id: UInt64, at now: Duration) -> Action {
        guard var entry = entries[id] else {
            late += 1
            return .ignored(id: id)
        }
        switch reply {
        case .committed(let events, let quarantined):
            entries[id] = nil
            return .acknowledged(id: id, events: events, quarantined: quarantined)
        case .rejected(let reason):
            entries[id] = nil
            return .rejected(id: id, events: entry.events, reason: reason)
        case .unavailable(let reason):
            entry.attempt += 1
            entries[id] = entry
            setAlarm(id, attempt: entry.attempt, at: now)
            return .putOff(id: id, reason: reason)
        }
    }

    /// Gives a message that has to be sent again now; call until it gives none.
    package mutating func nextRetry(at now: Duration) -> UInt64? {
        skipStaleAlarms()
        guard firstAlarm < alarms.count, alarms[firstAlarm].due <= now else { return nil }
        let alarm = alarms[firstAlarm]
        firstAlarm += 1
        let attempt = alarm.attempt + 1
        entries[alarm.id]?.attempt = attempt
        setAlarm(alarm.id, attempt: attempt, at: now)
        retried += 1
        return alarm.id
    }

    /// When ``nextRetry(at:)`` has something to say, unless answers come first.
    package mutating func nextRetryTime() -> Duration? {
        skipStaleAlarms()
        return firstAlarm < alarms.count ? alarms[firstAlarm].due : nil
    }

    private mutating func setAlarm(_ id: UInt64, attempt: Int, at now: Duration) {
        // What is behind us goes away once it is most of the list: constant work an alarm.
        if firstAlarm > 1024, firstAlarm > alarms.count / 2 {
            alarms.removeFirst(firstAlarm)
            firstAlarm = 0
        }
        alarms.append(Alarm(id: id, attempt: attempt, due: now + retryAfter))
    }

    private mutating func skipStaleAlarms() {
        while firstAlarm < alarms.count,
            entries[alarms[firstAlarm].id]?.attempt != alarms[firstAlarm].attempt
        {
            firstAlarm += 1
        }
    }
}
