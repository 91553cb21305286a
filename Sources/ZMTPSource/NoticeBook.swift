import Intake

/// Notices for operators, at most one an hour for each kind and host.
struct NoticeBook {
    private var limit = HourlyLimit()
    private var notices: [PeerNotice] = []

    /// Adds a notice, unless its kind and host had one within the hour.
    ///
    /// `host`: nil for the peer itself. `now`: monotonic nanoseconds.
    mutating func tell(
        _ kind: PeerNotice.Kind,
        of peer: String,
        host: String? = nil,
        at now: Int64,
        _ detail: String
    ) {
        guard limit.allows("\(kind.rawValue) \(host ?? peer)", at: now) else { return }
        notices.append(PeerNotice(kind, peer: peer, detail: detail))
    }

    /// The notices since the last call.
    mutating func take() -> [PeerNotice] {
        guard !notices.isEmpty else { return [] }
        defer { notices = [] }
        return notices
    }
}
