import Wire

/// The first bytes of a connection: a greeting and a handshake, with and without keys.
enum HandshakeTarget {
    private static let keys = CurveKeyPair()

    /// The result of a handshake that was fed in pieces.
    private struct Outcome: Equatable {
        var step = Handshake.Step.waiting
        var taken = 0
        var sent: [UInt8] = []
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = InputReader(bytes)
        let choice = input.byte()
        let type: ListenerType = choice & 1 == 0 ? .router : .pull
        let withKeys = choice & 2 != 0
        let stream = input.all()
        let whole = outcome(stream, type, withKeys: withKeys) { _ in stream.count }
        let slow = outcome(stream, type, withKeys: withKeys) { _ in 1 }
        // As a listener reads: no more than the next step needs.
        let exact = outcome(stream, type, withKeys: withKeys) { $0 }
        guard whole.step == slow.step, whole.step == exact.step else {
            violated("the pieces do not matter: \(whole.step), \(slow.step), \(exact.step)")
        }
        // WELCOME is encrypted anew each time.
        guard withKeys || whole.sent == slow.sent && whole.sent == exact.sent else {
            violated("what is sent depends on the pieces")
        }
        if withKeys, case .done = whole.step { violated("a stranger was let in") }
        if case .presented = whole.step { violated("nobody has proved a key") }
        guard case .done = whole.step else { return }
        guard whole.taken == slow.taken, whole.taken == exact.taken else {
            violated("the first message begins elsewhere")
        }
    }

    private static func outcome(
        _ stream: [UInt8],
        _ type: ListenerType,
        withKeys: Bool,
        size: (Int) -> Int
    ) -> Outcome {
        var handshake = Handshake(type, keys: withKeys ? keys : nil)
        var out = ByteQueue()
        var kept = ByteQueue()
        handshake.begin(sending: &out)
        var outcome = Outcome()
        var at = 0
        while at < stream.count, outcome.step == .waiting {
            let missing = handshake.missing(after: kept.bytes)
            guard missing > 0 else { violated("it waits and needs nothing") }
            let count = min(max(1, size(missing)), stream.count - at)
            kept.append(Array(stream[at..<(at + count)]))
            at += count
            let (taken, step) = handshake.advance(kept.bytes, sending: &out)
            guard (0...kept.count).contains(taken) else { violated("it takes what is not there") }
            kept.removeFirst(taken)
            outcome.taken += taken
            outcome.step = step
        }
        outcome.sent = Array(out.bytes)
        return outcome
    }
}
