package import Events
import Filing

/// The counts of a source's events by outcome: `received = written + quarantined + duplicate +
/// suppressed + declined + dropped + inFlight`.
///
/// A payload counts in `received` and `inFlight` when it is read. A durable commit counts in
/// `written` and the other outcomes by its own tally, so a mismatch is noticed.
package struct SourceLedger: Sendable, Equatable {
    package var received = 0
    package var written = 0
    /// By ``Rejection/index``.
    package var quarantined = [Int](repeating: 0, count: Rejection.allCases.count)
    package var duplicate = 0
    /// Among those written: events whose id another event already had.
    package var reusedIDs = 0
    /// Among those written: events that were not filed by their own time.
    package var untimely = UntimelyCounts()
    /// Events of a suppressed kind, which are not kept.
    package var suppressed = 0
    /// Events of people who have asked that nothing is kept.
    package var declined = 0
    /// Rejected pieces that were dropped because quarantine was full.
    package var dropped = 0
    package var inFlight = 0

    package init() {}

    package var quarantinedTotal: Int { quarantined.reduce(0, +) }

    package var isBalanced: Bool {
        received
            == written + quarantinedTotal + duplicate + suppressed + declined + dropped + inFlight
    }

    package static func += (sum: inout SourceLedger, other: SourceLedger) {
        sum.received += other.received
        sum.written += other.written
        for at in sum.quarantined.indices { sum.quarantined[at] += other.quarantined[at] }
        sum.duplicate += other.duplicate
        sum.reusedIDs += other.reusedIDs
        sum.untimely += other.untimely
        sum.suppressed += other.suppressed
        sum.declined += other.declined
        sum.dropped += other.dropped
        sum.inFlight += other.inFlight
    }

    /// Moves a commit's events from in flight to their outcomes.
    mutating func settle(_ tally: CommitTally) {
        written += tally.accepted
        for at in quarantined.indices { quarantined[at] += tally.rejected[at] }
        duplicate += tally.repeated
        reusedIDs += tally.reused
        untimely += tally.untimely
        suppressed += tally.suppressed
        declined += tally.declined
        dropped += tally.dropped
        inFlight -= tally.total
    }
}
