/// The account of events, per source and in total.
///
/// `written` counts events in committed segments.
package struct Ledger: Codable, Sendable, Equatable {
    package var received: Int
    package var written: Int
    package var quarantined: Int
    package var duplicate: Int
    /// Written events with an id that another event had.
    package var reusedIds: Int
    /// With `partition.time: event`: written events that were not filed by their own time, since it
    /// was too long ago, too far ahead of the clock, or not readable.
    package var late: Int
    package var future: Int
    package var untimed: Int
    /// Events of people who have asked that nothing is kept.
    package var declined: Int
    package var dropped: Int
    package var inFlight: Int
    package var reasons: Reasons

    /// Why events were dropped or quarantined, counted by code.
    package struct Reasons: Codable, Sendable, Equatable {
        package var dropped: [String: Int]
        package var quarantined: [String: Int]

        package init(dropped: [String: Int] = [:], quarantined: [String: Int] = [:]) {
            self.dropped = dropped
            self.quarantined = quarantined
        }
    }

    package init(
        received: Int = 0,
        written: Int = 0,
        quarantined: Int = 0,
        duplicate: Int = 0,
        reusedIds: Int = 0,
        late: Int = 0,
        future: Int = 0,
        untimed: Int = 0,
        declined: Int = 0,
        dropped: Int = 0,
        inFlight: Int = 0,
        reasons: Reasons = Reasons()
    ) {
        self.received = received
        self.written = written
        self.quarantined = quarantined
        self.duplicate = duplicate
        self.reusedIds = reusedIds
        self.late = late
        self.future = future
        self.untimed = untimed
        self.declined = declined
        self.dropped = dropped
        self.inFlight = inFlight
        self.reasons = reasons
    }

    /// `received = written + quarantined + duplicate + declined + dropped + in flight`.
    ///
    /// Sums wrap, never trap: the figures may come from a socket.
    package var isBalanced: Bool {
        received
            == written &+ quarantined &+ duplicate &+ declined &+ dropped &+ inFlight
    }
}

extension Ledger {
    /// The figures of a source and of all together.
    package static let figures: [Figure<Ledger>] = [
        Figure(
            "received",
            \.received,
            metric: "touchpoint_events_received_total",
            help: "Events read from messages.",
            column: "received"
        ),
        Figure(
            "written",
            \.written,
            metric: "touchpoint_events_written_total",
            help: "Events in committed segments.",
            column: "written"
        ),
        // The metrics of these two are per reason, so they are not one number.
        Figure("quarantined", \.quarantined, column: "quarantined"),
        Figure(
            "duplicate",
            \.duplicate,
            metric: "touchpoint_events_duplicate_total",
            help: "Events that came before and were not written again.",
            column: "duplicate"
        ),
        Figure("dropped", \.dropped, column: "dropped"),
        Figure(
            "reusedIds",
            \.reusedIds,
            metric: "touchpoint_events_reused_ids_total",
            help: "Events that were written with an id that another event had."
        ),
        Figure(
            "late",
            \.late,
            metric: "touchpoint_events_late_total",
            help: "Events whose own time was longer ago than partition.late.after."
        ),
        Figure(
            "future",
            \.future,
            metric: "touchpoint_events_future_total",
            help: "Events whose own time was further ahead than partition.future."
        ),
        Figure(
            "untimed",
            \.untimed,
            metric: "touchpoint_events_untimed_total",
            help: "Events without a readable time of their own, with partition.time: event."
        ),
        Figure(
            "declined",
            \.declined,
            metric: "touchpoint_events_declined_total",
            help: "Events not kept, because their people have asked for that."
        ),
        Figure(
            "inFlight",
            \.inFlight,
            metric: "touchpoint_events_in_flight",
            help: "Events not yet committed.",
            column: "in flight"
        ),
    ]
}
