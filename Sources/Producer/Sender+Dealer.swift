import ZeroMQ

/// Dealer: a window of messages, each of which is resent until it is answered.
extension Sender {
    mutating func converse(
        _ source: inout some EventSource,
        over socket: borrowing Socket,
        using watch: inout ConnectionWatch
    ) throws {
        let log = try configuration.acknowledgedLog.map { path throws(ProducerError) in
            try AcknowledgedLog(path: path)
        }
        var conversation = Conversation(configuration, at: now)
        defer {
            summary.unanswered = conversation.window.eventsInFlight
            summary.retried = conversation.window.retried
            summary.lateAnswers = conversation.window.late
        }
        var poll = PollSet(capacity: 2)
        poll.add(socket)
        poll.add(watch.monitor)
        var message = Message()
        var isAtEnd = false
        while true {
            if try watch.look() { conversation.window.reconnect(at: now) }
            // If several collectors connect, others remain when one disconnects.
            let canSend = watch.isUp || configuration.binds
            isAtEnd = isAtEnd || interrupted()
            if canSend {
                while let id = conversation.window.nextRetry(at: now) {
                    try conversation.send(id, over: socket)
                }
                if !isAtEnd {
                    isAtEnd = try submit(&source, to: &conversation, over: socket, log: log)
                }
            }
            if isAtEnd, conversation.window.inFlight == 0 { break }
            try checkProgress(&conversation, watch)
            let wait = waitMilliseconds(&conversation, canSend: canSend, isAtEnd: isAtEnd)
            try poll.wait(timeout: wait)
            try receiveAll(into: &conversation, from: socket, using: &message, log: log)
            showProgress(total: source.total)
        }
        showProgress(total: source.total, final: true)
    }

    /// Sends new messages while window and rate allow; returns true at the end of the source.
    private mutating func submit(
        _ source: inout some EventSource,
        to conversation: inout Conversation,
        over socket: borrowing Socket,
        log: AcknowledgedLog?
    ) throws -> Bool {
        while conversation.window.hasRoom, pause() == .zero, !interrupted() {
            let events = nextPayload(&source)
            if events == 0 { return true }
            if conversation.window.inFlight == 0 { conversation.lastProgress = now }
            let id = conversation.window.submit(events: events, at: now)
            let ids = log == nil ? [] : AcknowledgedLog.eventIds(in: payload)
            conversation.keep(
                Conversation.Sent(payload: payload, ids: ids, origins: origins),
                as: id
            )
            try conversation.send(id, over: socket)
            countSent(events: events)
        }
        return false
    }

    private mutating func receiveAll(
        into conversation: inout Conversation,
        from socket: borrowing Socket,
        using message: inout Message,
        log: AcknowledgedLog?
    ) throws {
        while true {
            let (isAny, answer) = try Conversation.receive(from: socket, using: &message)
            guard isAny else { return }
            guard let answer else { continue }
            let action = conversation.window.receive(answer.reply, for: answer.id, at: now)
            try perform(action, in: &conversation, log: log)
        }
    }

    private mutating func perform(
        _ action: AcknowledgementWindow.Action,
        in conversation: inout Conversation,
        log: AcknowledgedLog?
    ) throws(ProducerError) {
        switch action {
        case .acknowledged(let id, let sent, let committed):
            conversation.lastProgress = now
            conversation.unavailable = nil
            let message = conversation.remove(id)
            let settled = SettledMessage(committed, sent: sent, origins: message?.origins ?? [])
            summary.acknowledged += committed.events
            summary.duplicates += committed.duplicates
            summary.quarantined += settled.quarantinedCount
            settled.findings.forEach { note($0) }
            if let log, let message { try log.append(message.ids, except: settled.notAccepted) }
        case .rejected(let id, let events, let reason):
            conversation.lastProgress = now
            conversation.unavailable = nil
            summary.rejected += events
            let first = conversation.remove(id)?.origins.first?.place
            let detail = events > 1 ? "and the \(events - 1) events behind it" : nil
            note(SendFinding(.rejected, at: first, reason: reason, detail: detail))
        case .putOff(_, let reason):
            conversation.unavailable = reason
        case .ignored:
            break
        }
    }

    private func checkProgress(
        _ conversation: inout Conversation,
        _ watch: borrowing ConnectionWatch
    ) throws {
        guard conversation.window.inFlight > 0 || !watch.isUp && !configuration.binds else {
            conversation.lastProgress = now
            return
        }
        guard now - conversation.lastProgress >= configuration.timeout else { return }
        var what = "\(conversation.window.inFlight) acknowledgements"
        if let reason = conversation.unavailable { what += "; the collector says: \(reason)" }
        if watch.lost > 0 {
            what += "; the connection broke \(watch.lost) times, which a message above the"
            what += " collector's limits.message does too: the longest had \(longestMessage) bytes"
        }
        throw ProducerError.stalled(
            endpoint: configuration.endpoint,
            after: configuration.timeout,
            waitingFor: what
        )
    }

    /// Milliseconds until the next retry or message; at most 100, for signals and timeouts.
    private func waitMilliseconds(
        _ conversation: inout Conversation,
        canSend: Bool,
        isAtEnd: Bool
    ) -> Int {
        guard canSend else { return 100 }
        var wait: Duration = .milliseconds(100)
        if let retry = conversation.window.nextRetryTime() { wait = min(wait, retry - now) }
        if !isAtEnd, conversation.window.hasRoom { wait = min(wait, pause()) }
        return max(0, Int((wait / .milliseconds(1)).rounded(.up)))
    }
}
