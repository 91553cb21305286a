package import Events

/// The decision on one event, or on one piece that cannot be accepted.
package enum Verdict: Equatable, Sendable {
    /// It is written into its partition.
    case write
    /// It is stored in quarantine, for this reason.
    case quarantine(Rejection)
    /// Its original was written before; it is counted and gets no number.
    case duplicate
    /// Events of its kind must not be stored; it is counted and gets no number.
    case suppressed
    /// The person it is about has asked that it is not kept; it is counted and gets no number.
    case declined
    /// It is not stored, and counted as lost.
    case drop
}

/// Decides on events before their ids are recognised and before they are routed.
///
/// A judge belongs to one writer, whose thread calls it: it needs no lock. A refused event leaves
/// no trace in the window of ids, so the same event may be resent and accepted later.
package protocol EventJudge: AnyObject {
    /// Reviews the events of a burst; changes verdicts and adds edits if necessary.
    ///
    /// Called once per burst. What its edits refer to must stay valid until the next call.
    func judge(_ burst: inout EventBurst)
}
