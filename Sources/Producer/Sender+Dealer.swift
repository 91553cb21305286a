import ZeroMQ

/// Dealer: a window of messages, each of which is sent until it is answered.
extension Sender {
    mutating func converse(
        _ source: inout some EventSource,
        over socket: borrowing Socket
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
        var poll = PollSet(capacity: 1)
        poll.add(socket)
        var message = Message()
        var isAtEnd = false
        while true {
            isAtEnd = isAtEnd || interrupted()
            if !isAtEnd {
                isAtEnd = try submit(&source, to: &conversation, over: socket, log: log)
            }
            while let id = conversation.window.nextRetry(at: now) {
                try conversation.send(id, over: socket)
            }
            if isAtEnd, conversation.window.inFlight == 0 { break }
            try checkProgress(&conversation, socket)
            try poll.wait(timeout: waitMilliseconds(&conversation, isAtEnd: isAtEnd))
            try receiveAll(into: &conversation, from: socket, using: &message, log: log)
            showProgress(total: source.total)
        }
        showProgress(total: source.total, final: true)
    }

    /// Sends new messages as far as window and rate allow; true at the end of the source.
    private mutating func submit(
        _ source: inout some EventSource,
        to conversation: inout Conversation,
        over socket: borrowing Socket,
        log: AcknowledgedLog?
    ) throws -> Bool {
        while conversation.window.hasRoom, pause() == .zero, !interrupted() {
            let events = try nextPayload(&source)
            if events == 0 { return true }
            if conversation.window.inFlight == 0 { conversation.lastProgress = now }
            let id = conversation.window.submit(events: events, at: now)
            let ids = log == nil ? [] : AcknowledgedLog.eventIds(in: payload)
            conversation.keep(Conversation.Sent(payload: payload, ids: ids), as: id)
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
        case .acknowledged(let id, let events, let quarantined):
            summary.acknowledged += events
            summary.quarantined += quarantined.count
            conversation.lastProgress = now
            let message = conversation.remove(id)
            if let log, let message { try log.append(message.ids, except: quarantined) }
        case .rejected(let id, let events, _):
            summary.rejected += events
            conversation.lastProgress = now
            _ = conversation.remove(id)
        case .putOff, .ignored:
            break
        }
    }

    private func checkProgress(
        _ conversation: inout Conversation,
        _ socket: borrowing Socket
    ) throws {
        guard conversation.window.inFlight > 0,
            now - conversation.lastProgress >= configuration.timeout
        else { return }
        try socket.setLinger(.zero)
        throw ProducerError.stalled(
            endpoint: configuration.endpoint,
            after: configuration.timeout,
            waitingFor: "\(conversation.window.inFlight) acknowledgements"
        )
    }

    /// Until the next retry or the next turn of the rate; at most 100 ms, for signals and timeouts.
    private func waitMilliseconds(_ conversation: inout Conversation, isAtEnd: Bool) -> Int {
        var wait: Duration = .milliseconds(100)
        if let retry = conversation.window.nextRetryTime() { wait = min(wait, retry - now) }
        if !isAtEnd, conversation.window.hasRoom { wait = min(wait, pause()) }
        return max(0, Int((wait / .milliseconds(1)).rounded(.up)))
    }
}
