/// The outcome of each event of an answered message.
struct SettledMessage {
    /// The number of quarantined events, as the sender counts them.
    let quarantinedCount: Int
    /// The indexes of the message's events that are not known to be accepted.
    let notAccepted: Set<Int>
    /// One finding per listed piece.
    let findings: [SendFinding]

    /// - Parameters:
    ///   - committed: the answer.
    ///   - sent: the number of events in the message.
    ///   - origins: their origins; empty for generated ones.
    init(_ committed: Reply.Committed, sent: Int, origins: [MessageOrigin]) {
        let listed = committed.quarantined
        // Fewer pieces than events: the last piece is the rest, which could not be split.
        let missing = max(0, sent - committed.events - listed.count - committed.more)
        quarantinedCount = listed.isEmpty ? 0 : listed.count + committed.more + missing
        let isOneEach = committed.events + listed.count + committed.more == sent
        var notAccepted: Set<Int> = []
        var findings: [SendFinding] = []
        for piece in listed {
            let order = Self.order(of: piece, in: origins, isOneEach: isOneEach || missing > 0)
            if let order { notAccepted.insert(order) }
            let place = order.flatMap { $0 < origins.count ? origins[$0].place : nil }
            findings.append(
                SendFinding(.quarantined, at: place, reason: piece.reason, detail: piece.detail)
            )
        }
        if missing + committed.more > 0, sent > 0 {
            // The answer does not identify them: they are after the last one that is listed.
            let first = min(notAccepted.max() ?? 0, sent - 1)
            notAccepted.formUnion(first..<sent)
        }
        self.notAccepted = notAccepted
        self.findings = findings
    }

    /// The index of the event that a piece is, or is part of.
    private static func order(
        of piece: Reply.Quarantined,
        in origins: [MessageOrigin],
        isOneEach: Bool
    ) -> Int? {
        if let offset = piece.offset, !origins.isEmpty {
            return origins.lastIndex { $0.offset <= offset }
        }
        return isOneEach && piece.index >= 0 ? piece.index : nil
    }
}
