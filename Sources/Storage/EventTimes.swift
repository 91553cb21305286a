import Events

/// The partitions of events that are filed by their own times: which times count, how many folders of
/// other hours there are, and how late the events came.
///
/// Only with `partition.time: event` and a path with a time. One thread, the writer's.
struct EventTimes: ~Copyable {
    private let policy: EventTimePolicy
    private var otherHours: OtherHours
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

    var separatesLate: Bool { policy.separatesLate }

    /// Returns the key of an event that is filed under another hour than that of its receipt, or that
    /// of the same values without a time if its source has used up its folders of other hours.
    @inline(never)
    mutating func bounded(
        _ key: PartitionKey,
        source: Int,
        receivedHour: Int
    ) -> PartitionKey {
        otherHours.bounded(key, source: source, receivedHour: receivedHour)
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
