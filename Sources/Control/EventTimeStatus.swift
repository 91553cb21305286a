/// How late the events of one day came, with `partition.time: event`; in `status`.
package struct EventTimeStatus: Codable, Sendable, Equatable {
    /// The day of receipt, UTC: today, of this run.
    package var day: String
    package var events: Int
    /// Half, and 99 %, of the events with a readable time came within so many seconds, rounded up to
    /// a power of two; absent without any.
    package var p50Seconds: Int?
    package var p99Seconds: Int?
    /// Events whose time was longer ago than `lateAfterSeconds`.
    package var late: Int
    /// Events whose time was further ahead of the clock than `futureSeconds`.
    package var future: Int
    /// Events without a readable time.
    package var untimed: Int
    /// 0 for no limit.
    package var lateAfterSeconds: Int
    package var futureSeconds: Int

    package init(
        day: String,
        events: Int,
        p50Seconds: Int?,
        p99Seconds: Int?,
        late: Int,
        future: Int,
        untimed: Int,
        lateAfterSeconds: Int,
        futureSeconds: Int
    ) {
        self.day = day
        self.events = events
        self.p50Seconds = p50Seconds
        self.p99Seconds = p99Seconds
        self.late = late
        self.future = future
        self.untimed = untimed
        self.lateAfterSeconds = lateAfterSeconds
        self.futureSeconds = futureSeconds
    }
}
