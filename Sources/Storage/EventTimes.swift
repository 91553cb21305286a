import Events

/// The partitions of events that are filed by their own times: which times count, how many folders of
/// other hours there are, and how late the events came.
///
/// Only with `partition.time: event` and a path with a time. One thread, the writer's.
struct EventTimes: ~Copyable {
    let policy: EventTimePolicy
    var otherHours: OtherHours
    private var counts = Lateness.Counts()

    init(_ policy: EventTimePolicy, otherHours: OtherHours) {
        self.policy = policy
        self.otherHours = otherHours
    }

    /// How late the events of the newest day came.
    var lateness: Lateness { counts.sum }

    /// Judges an event's own time, and counts it.
    @inline(never)
    mutating func judge(_ eventTime: Int64?, receivedAt: Int64) -> Timeliness {
        let timeliness = policy.timeliness(of: eventTime, receivedAt: receivedAt)
        counts.add(timeliness, eventTime, receivedAt: receivedAt)
        return timeliness
    }
}

extension EventTimePolicy {
    func timeliness(of eventTime: Int64?, receivedAt: Int64) -> Timeliness {
        guard let eventTime else { return .untimed }
        let lateness = receivedAt &- eventTime
        if let lateAfter, lateness > lateAfter { return .late }
        if let futureMax, lateness < -futureMax { return .future }
        return .timely
    }
}
