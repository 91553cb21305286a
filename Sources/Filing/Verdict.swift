package import Events

/// What becomes of one event, or of one piece that cannot be accepted.
package enum Verdict: Equatable, Sendable {
    /// It is written into its partition.
    case write
    /// It is kept in quarantine, for this reason.
    case quarantine(Rejection)
    /// Its original was written before; it is counted and takes no number.
    case duplicate
    /// Someone asked that nothing of this kind is kept; it is counted and takes no number.
    case suppressed
    /// It is kept nowhere, and counted as lost.
    case drop
}

/// Decides what becomes of events before their ids are recognised and before they are routed.
///
/// A judge belongs to one writer, whose thread calls it: it needs no lock. An event that it does not
/// let through leaves no trace in the window of ids, so the same event may be sent again and accepted
/// later.
package protocol EventJudge: AnyObject {
    /// Looks at the events of a burst; changes verdicts and adds edits where it has to.
    ///
    /// Called once per burst. What its edits refer to must stay valid until the next call.
    func judge(_ burst: inout EventBurst)
}
