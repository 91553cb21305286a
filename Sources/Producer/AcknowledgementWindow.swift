/// Tracks messages that await an acknowledgement, and decides what to do when one arrives or is
/// overdue.
///
/// A pure value: the caller reports events with their time, and it returns actions; it has no
/// socket and no clock. A message is in one of three states:
/// - *in flight*: sent, not answered. After a timeout it is resent, with the same id and the same
///   bytes, as often as necessary; each timeout is longer.
/// - *put off*: the collector was unavailable. It is resent after a separate delay.
/// - *gone*: committed or rejected. A further answer for it is late, counted and ignored.
///
/// After a reconnect every unanswered message is resent at once: the old connection's data are
/// lost. If connections break again before any answer, they are resent after a delay instead.
package struct AcknowledgementWindow: Sendable {
    /// The action for a message after an answer.
    package enum Action: Equatable, Sendable {
        /// It is on stable storage; `sent` events were in it.
        case acknowledged(id: UInt64, sent: Int, Reply.Committed)
        /// It was refused permanently; `events` events were not accepted.
        case rejected(id: UInt64, events: Int, reason: String)
        /// Wait: ``nextRetry(at:)`` will return it.
        case putOff(id: UInt64, reason: String)
        /// No message waits for this answer: it is the second one to a message that was resent.
        case ignored(id: UInt64)
    }

    private struct Entry {
        let events: Int
        /// The number of its latest alarm; earlier ones are void.
        var alarm = 0
        /// Timeouts since its last answer or the last reconnect.
        var unanswered = 0
        var putOffs = 0
    }

    /// The most messages that may be in flight.
    package let capacity: Int
    /// Messages resent, each time counted.
    package private(set) var retried = 0
    /// Answers that no message waited for.
    package private(set) var late = 0

    private var entries: [UInt64: Entry] = [:]
    private var lastId: UInt64 = 0
    /// One queue per delay: none, the timeouts, the delays of put-off messages.
    private var queues: [AlarmQueue]
    private let pace: RetryPace
    /// Consecutive reconnects without an answer that settled a message.
    private var fruitlessReconnects = 0

    /// A window for `capacity` messages, at least one.
    package init(capacity: Int, pace: RetryPace) {
        precondition(capacity > 0, "a window has room for at least one message")
        self.capacity = capacity
        self.pace = pace
        queues = ([.zero] + pace.unanswered + pace.putOff).map { AlarmQueue(wait: $0) }
        entries.reserveCapacity(capacity)
    }

    /// Whether another message may be sent.
    package var hasRoom: Bool { entries.count < capacity }
    /// The number of unanswered messages.
    package var inFlight: Int { entries.count }
    /// The number of their events.
    package var eventsInFlight: Int { entries.values.reduce(0) { $0 + $1.events } }

    /// Registers a message of `events` events that is about to be sent; returns its id.
    ///
    /// The caller must have checked ``hasRoom``.
    package mutating func submit(events: Int, at now: Duration) -> UInt64 {
        precondition(hasRoom, "the window is full")
        lastId += 1
        entries[lastId] = Entry(events: events)
        waitForAnswer(lastId, at: now)
        return lastId
    }

    /// Handles an answer to the message `id`.
    package mutating func receive(_ reply: Reply, for id: UInt64, at now: Duration) -> Action {
        guard let entry = entries[id] else {
            late += 1
            return .ignored(id: id)
        }
        switch reply {
        case .committed(let committed):
            entries[id] = nil
            fruitlessReconnects = 0
            return .acknowledged(id: id, sent: entry.events, committed)
        case .rejected(let reason):
            entries[id] = nil
            fruitlessReconnects = 0
            return .rejected(id: id, events: entry.events, reason: reason)
        case .unavailable(let reason):
            entries[id]?.unanswered = 0
            entries[id]?.putOffs += 1
            putOff(id, times: entry.putOffs + 1, at: now)
            return .putOff(id: id, reason: reason)
        }
    }

    /// Handles a new connection after a lost one: ``nextRetry(at:)`` then returns all messages.
    package mutating func reconnect(at now: Duration) {
        for id in entries.keys.sorted() {
            entries[id]?.unanswered = 0
            if fruitlessReconnects == 0 {
                setAlarm(id, in: 0, at: now)
            } else {
                putOff(id, times: fruitlessReconnects, at: now)
            }
        }
        fruitlessReconnects += 1
    }

    /// Returns a message to resend now; call it until it returns nil.
    package mutating func nextRetry(at now: Duration) -> UInt64? {
        guard let (queue, alarm) = nextAlarm(), alarm.due <= now else { return nil }
        queues[queue].removeFirst()
        waitForAnswer(alarm.id, at: now)
        retried += 1
        return alarm.id
    }

    /// The time when ``nextRetry(at:)`` next returns a message, unless answers arrive first.
    package mutating func nextRetryTime() -> Duration? { nextAlarm()?.alarm.due }

    private mutating func waitForAnswer(_ id: UInt64, at now: Duration) {
        guard let unanswered = entries[id]?.unanswered else { return }
        entries[id]?.unanswered += 1
        setAlarm(id, in: 1 + min(unanswered, pace.unanswered.count - 1), at: now)
    }

    private mutating func putOff(_ id: UInt64, times: Int, at now: Duration) {
        let first = 1 + pace.unanswered.count
        setAlarm(id, in: first + min(times, pace.putOff.count) - 1, at: now)
    }

    private mutating func setAlarm(_ id: UInt64, in queue: Int, at now: Duration) {
        guard let number = entries[id]?.alarm else { return }
        entries[id]?.alarm = number + 1
        queues[queue].append(id, number: number + 1, at: now)
    }

    private mutating func nextAlarm() -> (queue: Int, alarm: AlarmQueue.Alarm)? {
        var next: (queue: Int, alarm: AlarmQueue.Alarm)?
        for index in queues.indices {
            while let alarm = queues[index].first {
                if entries[alarm.id]?.alarm != alarm.number {
                    queues[index].removeFirst()
                    continue
                }
                if next.map({ alarm.due < $0.alarm.due }) ?? true { next = (index, alarm) }
                break
            }
        }
        return next
    }
}

/// Alarms that were all set with the same delay, and are therefore in order of time.
private struct AlarmQueue: Sendable {
    struct Alarm { let id: UInt64; let number: Int; let due: Duration }

    let wait: Duration
    private var alarms: [Alarm] = []
    private var taken = 0

    init(wait: Duration) { self.wait = wait }

    var first: Alarm? { taken < alarms.count ? alarms[taken] : nil }

    mutating func append(_ id: UInt64, number: Int, at now: Duration) {
        // Removes the consumed front once it is most of the list: constant work per alarm.
        if taken > 1024, taken > alarms.count / 2 {
            alarms.removeFirst(taken)
            taken = 0
        }
        alarms.append(Alarm(id: id, number: number, due: now + wait))
    }

    mutating func removeFirst() { taken += 1 }
}
