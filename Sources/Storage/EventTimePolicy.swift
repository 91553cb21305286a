/// Which of the events' own times are believed, with `partition.time: event`.
///
/// Times are microseconds.
package struct EventTimePolicy: Sendable, Equatable {
    /// The longest time between an event and its receipt; nil for no limit.
    package var lateAfter: Int64?
    /// Whether later events get a folder of their own instead of that of their receipt.
    package var separatesLate: Bool
    /// How far an event's time may be ahead of its receipt; nil for no limit.
    package var futureMax: Int64?

    package init(lateAfter: Int64? = nil, separatesLate: Bool = false, futureMax: Int64? = nil) {
        self.lateAfter = lateAfter
        self.separatesLate = separatesLate
        self.futureMax = futureMax
    }
}
