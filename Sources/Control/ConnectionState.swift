/// What a connection has to do next: a value that takes what happened and returns actions.
///
/// Requests are answered one after the other. While one is being answered, or its answer is being
/// sent (busy), later lines wait and nothing more is read: a client cannot queue up work without
/// limit, and at most one answer waits for it. `stats follow` goes on until the next line, or until
/// the connection ends.
///
///     idle ── line ──► busy ── sent ──► idle, or the next line
///     idle ── "stats follow" ──► busy, following ── sent ──► following ── tick ──► busy …
///     any ── too long, stop, or end of input with nothing left to do ──► closing
struct ConnectionState {
    /// What the owner of the connection has to do, in this order.
    enum Action: Equatable {
        /// Answer this request, and say `sent` when all of the answer has been taken.
        case answer(Request)
        /// Send this error, and say `sent` when it has been taken.
        case refuse(ControlError)
        /// Say `tick` every interval from now on.
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

    /// Whether there is nothing to do until the client says something.
    var isIdle: Bool { !isBusy && !isFollowing && !isClosing }

    /// There is no place for the client: it is told so, and that was all.
    mutating func turnAway(_ error: ControlError) -> [Action] {
        isBusy = true
        isClosing = true
        return [.refuse(error)]
    }

    /// Bytes came in.
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

    /// The time for the next snapshot has come: whether it is to be sent; not while the last one is.
    mutating func tick() -> Bool {
        guard isFollowing, !isBusy, !isClosing else { return false }
        isBusy = true
        return true
    }

    /// The server stops: what is being answered is finished, nothing else.
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
