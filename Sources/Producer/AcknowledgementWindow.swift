/// Which messages are on their way to an acknowledgement, and what to do when one comes or does
/// not.
///
/// A pure value: it is told what happened and when, and says what to do; it has no socket and no
/// clock. A message is in one of three states:
/// - *in flight*: sent, its answer outstanding. Without one it is sent again, with the same id and
///   the same bytes, as often as it takes; each time it waits longer.
/// - *put off*: the collector was unavailable. Sent again after a wait of its own.
/// - *gone*: committed or rejected. A further answer for it is late, counted and ignored.
///
/// When a connection comes back, everything that has no answer is sent again at once: what the old
/// one held is lost. Connections that break again before any answer has come are not trusted so.
package struct AcknowledgementWindow: Sendable {
    /// What to do with a message after an answer.
    package enum Action: Equatable, Sendable {
        /// It is on stable storage; so many events were sent in it.
        case acknowledged(id: UInt64, sent: Int, Reply.Committed)
        /// It was refused for good; so many events were not taken.
        case rejected(id: UInt64, events: Int, reason: String)
        /// Wait: ``nextRetry(at:)`` will name it.
        case putOff(id: UInt64, reason: String)
        /// Nothing waits for this answer: the second one to a message that was sent again.
        case ignored(id: UInt64)
    }

    private struct Entry {
        let events: Int
        /// Counts its alarms: only the newest counts.
        var alarm = 0
        /// How many answers did not come since the collector was last heard of it.
        var unanswered = 0
        var putOffs = 0
    }

    /// How many messages may be in flight.
    package let capacity: Int
    /// Messages that were sent again, each time.
    package private(set) var retried = 0
    /// Answers nothing waited for.
    package private(set) var late = 0

    private var entries: [UInt64: Entry] = [:]
    private var lastId: UInt64 = 0
    /// One for each length of wait: at once, without an answer, put off.
    private var queues: [AlarmQueue]
    private let pace: RetryPace
    /// Connections that came back in a row without an answer that settled anything.
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
        entries[lastId] = Entry(events: events)
        waitForAnswer(lastId, at: now)
        return lastId
    }

    /// An answer to the message `id` has come.
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

    /// A connection stands again after one was lost: ``nextRetry(at:)`` names all messages.
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

    /// Gives a message that has to be sent again now; call until it gives none.
    package mutating func nextRetry(at now: Duration) -> UInt64? {
        guard let (queue, alarm) = nextAlarm(), alarm.due <= now else { return nil }
        queues[queue].removeFirst()
        waitForAnswer(alarm.id, at: now)
        retried += 1
        return alarm.id
    }

    /// When ``nextRetry(at:)`` has something to say, unless answers come first.
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

/// Alarms that were all set the same time ahead, and so are in order of time.
private struct AlarmQueue: Sendable {
    struct Alarm { let id: UInt64; let number: Int; let due: Duration }

    let wait: Duration
    private var alarms: [Alarm] = []
    private var taken = 0

    init(wait: Duration) { self.wait = wait }

    var first: Alarm? { taken < alarms.count ? alarms[taken] : nil }

    mutating func append(_ id: UInt64, number: Int, at now: Duration) {
        // What is behind us goes away once it is most of the list: constant work an alarm.
        if taken > 1024, taken > alarms.count / 2 {
            alarms.removeFirst(taken)
            taken = 0
        }
        alarms.append(Alarm(id: id, number: number, due: now + wait))
    }

    mutating func removeFirst() { taken += 1 }
}
