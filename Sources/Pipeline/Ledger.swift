import Events

/// Where every event of a source is: `received = written + quarantined + duplicate + dropped +
/// inFlight`.
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
    /// Rejected pieces that quarantine could not take, since it was full.
    package var dropped = 0
    package var inFlight = 0

    package init() {}

    package var quarantinedTotal: Int { quarantined.reduce(0, +) }

    package var isBalanced: Bool {
        received == written + quarantinedTotal + duplicate + dropped + inFlight
    }

    package static func += (sum: inout SourceLedger, other: SourceLedger) {
        sum.received += other.received
        sum.written += other.written
        for at in sum.quarantined.indices { sum.quarantined[at] += other.quarantined[at] }
        sum.duplicate += other.duplicate
        sum.reusedIDs += other.reusedIDs
        sum.dropped += other.dropped
        sum.inFlight += other.inFlight
    }

    /// Books a commit of what was counted as in flight.
    mutating func settle(_ tally: CommitTally) {
        written += tally.accepted
        for at in quarantined.indices { quarantined[at] += tally.rejected[at] }
        duplicate += tally.repeated
        reusedIDs += tally.reused
        dropped += tally.dropped
        inFlight -= tally.accepted + tally.rejectedTotal + tally.repeated + tally.dropped
    }
}

/// Events of one source in one commit.
struct CommitTally: Sendable {
    var accepted = 0
    /// Events that came before, and were not written again.
    var repeated = 0
    /// Accepted events with an id that another event had.
    var reused = 0
    /// Rejected pieces that are kept nowhere.
    var dropped = 0
    /// By ``Rejection/index``.
    var rejected = [Int](repeating: 0, count: Rejection.allCases.count)

    var rejectedTotal: Int { rejected.reduce(0, +) }
}
