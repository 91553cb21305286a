package import Events
import Intake

/// The counts of one producer's events in one commit.
package struct ProducerTally: Sendable {
    /// As in `ProducerBook`.
    package var producer: Int
    package var tally: CommitTally

    package init(producer: Int, tally: CommitTally) {
        self.producer = producer
        self.tally = tally
    }
}

/// Counts of events in one commit.
package struct CommitTally: Sendable {
    package var accepted = 0
    /// Duplicates, which were not written again.
    package var repeated = 0
    /// Accepted events with an id that another event had.
    package var reused = 0
    /// Accepted events that were not filed by their own time, with `partition.time: event`.
    package var untimely = UntimelyCounts()
    /// Events of a kind that must not be stored.
    package var suppressed = 0
    /// Events and pieces that their people do not want to be kept.
    package var declined = 0
    /// Rejected pieces and events that are not stored.
    package var dropped = 0
    /// By ``Rejection/index``.
    package var rejected = [Int](repeating: 0, count: Rejection.allCases.count)

    /// Bytes of lines in segments and quarantine, before compression.
    package var lineBytes = 0

    package var rejectedTotal: Int { rejected.reduce(0, +) }

    /// All events and pieces that have arrived.
    package var total: Int {
        accepted + rejectedTotal + repeated + suppressed + declined + dropped
    }

    package init() {}
}
