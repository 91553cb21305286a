import Events
import Intake

/// Recent notices to an operator about peers whose events go to quarantine.
struct RejectionNotices {
    private var limit = HourlyLimit()
    /// The last one, so that many pieces of one peer cost no look-up each.
    private var last: (source: Int, peer: String, rejection: Rejection, at: Int64)?
    private static let againNanoseconds: Int64 = 60_000_000_000

    /// Whether to send a notice now, in monotonic nanoseconds.
    mutating func allows(_ rejection: Rejection, source: Int, peer: String, at now: Int64) -> Bool {
        if let last, last.source == source, last.rejection == rejection, last.peer == peer,
            now - last.at < Self.againNanoseconds
        {
            return false
        }
        last = (source, peer, rejection, now)
        // A peer's port changes at each connect.
        let host = peer.lastIndex(of: ":").map { peer[..<$0] } ?? peer[...]
        return limit.allows("\(source) \(rejection.rawValue) \(host)", at: now)
    }
}
