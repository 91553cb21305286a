/// The state machine of a connection: a value that takes events and returns actions.
///
/// Requests are answered one after the other. While one is being answered, or its answer is being
/// sent (busy), later lines wait and nothing more is read: a client cannot queue work without
/// limit, and at most one answer waits for it. `stats follow` continues until the next line, or
/// until the connection ends.
///
///     idle ── line ──► busy ── sent ──► idle, or the next line
///     idle ── "stats follow" ──► busy, following ── sent ──► following ── tick ──► busy …
///     any ── too long, stop, or end of input with nothing left to do ──► closing
struct ConnectionState {
    /// The actions of the connection's owner, in this order.
    enum Action: Equatable {
        /// Answer this request, and call `sent` when all of the answer has been taken.
        case answer(Request)
        /// Send this error, and call `sent` when it has been taken.
        case refuse(ControlError)
        /// Call `tick` every interval from now on.
        case startTicks(FollowInterval)
        case stopTicks
        case close
    }

    private var framer: LineFramer
    private var waiting: ArraySlice<LineFramer.Piece> = []
    private var isBusy = false
    private var isFollowing = false
    private var isInputClosed = false
    private var isClosing = false
    private let lineBytesMax: Int

    init(lineBytesMax: Int) {
        self.lineBytesMax = lineBytesMax
        self.framer = LineFramer(lineBytesMax: lineBytesMax)
    }

    /// Whether more input may be read now.
    var wantsInput: Bool { !isClosing && (isFollowing || !isBusy) && waiting.isEmpty }

    /// Whether it waits for the client.
    var isIdle: Bool { !isBusy && !isFollowing && !isClosing }

    /// Refuses the client for want of a place: sends the error and closes.
    mutating func turnAway(_ error: ControlError) -> [Action] {
        isBusy = true
        isClosing = true
        return [.refuse(error)]
    }

    /// Bytes arrived.
    mutating func received(_ bytes: some Collection<UInt8>) -> [Action] {
        guard !isClosing else { return [] }
        waiting.append(contentsOf: framer.append(bytes))
        return proceed()
    }

    /// The client will send nothing more, but may still read.
    mutating func inputClosed() -> [Action] {
        guard !isClosing, !isInputClosed else { return [] }
        isInputClosed = true
        if let last = framer.finish() { waiting.append(last) }
        return proceed()
    }

    /// All of the answer or error has been taken.
    mutating func sent(isError: Bool) -> [Action] {
        isBusy = false
        guard !isClosing else { return [.close] }
        return (isError ? endFollow() : []) + proceed()
    }

    /// The next snapshot is due: whether to send it; false while the last one is being sent.
    mutating func tick() -> Bool {
        guard isFollowing, !isBusy, !isClosing else { return false }
        isBusy = true
        return true
    }

    /// The server stops: the current answer is finished, nothing else.
    mutating func stop() -> [Action] {
        guard !isClosing else { return [] }
        return endFollow() + close()
    }

    private mutating func proceed() -> [Action] {
        var actions: [Action] = []
        while !isBusy, !isClosing, let piece = waiting.popFirst() {
            switch piece {
            case .tooLong: actions += endFollow() + turnAway(tooLong)
            case .line(let line): actions += take(line)
            }
        }
        if isInputClosed, !isBusy, !isFollowing, !isClosing { actions += close() }
        return actions
    }

    private mutating func take(_ line: [UInt8]) -> [Action] {
        do {
            guard let request = try Request.parse(line) else { return [] }
            var actions = endFollow()
            isBusy = true
            switch request {
            case .once: actions.append(.answer(request))
            case .follow(let interval):
                isFollowing = true
                actions += [
                    .startTicks(interval), .answer(.once(VerbTable.stats.verb, arguments: [])),
                ]
            }
            return actions
        } catch {
            isBusy = true
            return endFollow() + [.refuse(error)]
        }
    }

    private mutating func endFollow() -> [Action] {
        guard isFollowing else { return [] }
        isFollowing = false
        return [.stopTicks]
    }

    private mutating func close() -> [Action] {
        isClosing = true
        waiting = []
        return isBusy ? [] : [.close]
    }

    private var tooLong: ControlError {
        ControlError(
            code: ControlError.badRequestCode,
            message: "a request is at most \(lineBytesMax) bytes long; closing the connection"
        )
    }
}
