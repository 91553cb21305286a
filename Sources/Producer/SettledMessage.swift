/// What an answer says of each event of a message.
struct SettledMessage {
    /// Events that are in quarantine, as this side counts them: by what it sent.
    let quarantinedCount: Int
    /// Which of the message's events are not known to be accepted, by their order.
    let notAccepted: Set<Int>
    /// A finding for each listed piece, the reason of those beyond included.
    let findings: [SendFinding]

    /// - Parameters:
    ///   - committed: the answer.
    ///   - sent: how many events the message had.
    ///   - origins: where they came from; none for generated ones.
    init(_ committed: Reply.Committed, sent: Int, origins: [MessageOrigin]) {
        let listed = committed.quarantined
        // Fewer pieces than events: the last piece is all the rest, which was not taken apart.
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
            // Nobody says which they are: they can be any behind the last one that is listed.
            let first = min(notAccepted.max() ?? 0, sent - 1)
            notAccepted.formUnion(first..<sent)
        }
        self.notAccepted = notAccepted
        self.findings = findings
    }

    /// Which event of the message a piece is, or is part of.
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
