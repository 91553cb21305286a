import Events
import Filing

/// Where every event of a source is: `received = written + quarantined + duplicate +
/// suppressed + dropped + inFlight`.
///
/// `received` and `inFlight` are counted when a payload is read, `written`, `quarantined`,
/// `duplicate` and `dropped` when a commit is durable, each from its own tally, so that the equation can fail and be noticed.
package struct SourceLedger: Sendable, Equatable {
    package var received = 0
    package var written = 0
    /// By ``Rejection/index``.
    package var quarantined = [Int](repeating: 0, count: Rejection.allCases.count)
    package var duplicate = 0
    /// Of those written: events with an id that another event had.
    package var reusedIDs = 0
    /// Events of a kind that nobody is to keep.
    package var suppressed = 0
    /// Rejected pieces that quarantine could not take, since it was full.
    package var dropped = 0
    package var inFlight = 0

    package init() {}

    package var quarantinedTotal: Int { quarantined.reduce(0, +) }

    package var isBalanced: Bool {
        received == written + quarantinedTotal + duplicate + suppressed + dropped + inFlight
    }

    package static func += (sum: inout SourceLedger, other: SourceLedger) {
        sum.received += other.received
        sum.written += other.written
        for at in sum.quarantined.indices { sum.quarantined[at] += other.quarantined[at] }
        sum.duplicate += other.duplicate
        sum.reusedIDs += other.reusedIDs
        sum.suppressed += other.suppressed
        sum.dropped += other.dropped
        sum.inFlight += other.inFlight
    }

    /// Books a commit of what was counted as in flight.
    mutating func settle(_ tally: CommitTally) {
        written += tally.accepted
        for at in quarantined.indices { quarantined[at] += tally.rejected[at] }
        duplicate += tally.repeated
        reusedIDs += tally.reused
        suppressed += tally.suppressed
        dropped += tally.dropped
        inFlight -= tally.total
    }
}
