import Wire

/// The frames after a handshake: messages, commands, refusals and violations.
enum FrameTarget {
    /// What was found, without positions.
    private enum Item: Equatable {
        case message([UInt8], envelope: [[UInt8]])
        case refused(MessageFault, envelope: [[UInt8]])
        case probe
        case command([UInt8])
        case invalid(MessageSplitter.Violation)
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = InputReader(bytes)
        let choice = input.byte()
        let limits = [(3_000, 2_000), (2_000, 3_000), (300, 300), (100, 90)]
        let (frame, payload) = limits[Int(choice >> 1) % limits.count]
        let splitter = MessageSplitter(
            isAnswered: choice & 1 == 0,
            frameBytesMax: frame,
            payloadBytesMax: payload
        )
        let step = 1 + Int(choice >> 3)
        let stream = input.all()
        let whole = items(stream, splitter, step: stream.count, isAnswered: choice & 1 == 0)
        let parts = items(stream, splitter, step: step, isAnswered: choice & 1 == 0)
        guard whole == parts else { violated("the pieces matter:\n\(whole)\n\(parts)") }
        for case .message(let body, _) in whole where body.count > payload {
            violated("a payload of \(body.count) bytes")
        }
    }

    private static func items(
        _ stream: [UInt8],
        _ splitter: MessageSplitter,
        step: Int,
        isAnswered: Bool
    ) -> [Item] {
        var found: [Item] = []
        var kept = ByteQueue()
        var partial = MessageSplitter.Partial()
        var address = PeerAddress()
        withUnsafeBytes(of: UInt32(7)) { _ = address.begin($0) }
        var at = 0
        while at < stream.count {
            let count = min(max(1, step), stream.count - at)
            kept.append(Array(stream[at..<(at + count)]))
            at += count
            while true {
                if isAnswered { address.restart() }
                let item = splitter.next(kept.bytes, after: &partial, into: &address)
                let envelope = isAnswered ? Self.envelope(address) : []
                guard let taken = take(item, envelope, of: kept.count, into: &found) else { break }
                if case .invalid = found.last { return found }
                kept.removeFirst(taken)
            }
        }
        return found
    }

    /// Returns how many bytes an item has; nil if more are needed.
    private static func take(
        _ item: MessageSplitter.Item,
        _ envelope: [[UInt8]],
        of count: Int,
        into found: inout [Item]
    ) -> Int? {
        let size: Int
        switch item {
        case .message(let payload, let taken):
            found.append(.message(Array(payload), envelope: envelope))
            size = taken
        case .refused(let fault, let taken):
            found.append(.refused(fault, envelope: envelope))
            size = taken
        case .probe(let taken):
            found.append(.probe)
            size = taken
        case .command(let body, let taken):
            found.append(.command(Array(body)))
            check(Command(body), of: body.count)
            size = taken
        case .dropped(let taken):
            guard taken > 0 else { violated("nothing is dropped") }
            size = taken
        case .incomplete(let total):
            guard total > count else { violated("it needs \(total) bytes and has \(count)") }
            return nil
        case .invalid(let violation):
            found.append(.invalid(violation))
            return 0
        }
        guard (0...count).contains(size) else { violated("it takes what is not there") }
        return size
    }

    private static func check(_ command: Command?, of count: Int) {
        guard let command, command.isNamed("PING") else { return }
        guard command.data.count < count else { violated("data longer than its command") }
        guard let pong = Heartbeat.pong(for: command.data) else { return }
        // Two bytes of time to live are not returned.
        guard pong.count <= 5 + 16 else { violated("a PONG of \(pong.count) bytes") }
    }

    private static func envelope(_ address: borrowing PeerAddress) -> [[UInt8]] {
        let parts = AddressParts(address.bytes)
        guard parts.routingID.loadUnaligned(as: UInt32.self) == 7 else {
            violated("another connection's address")
        }
        var frames: [[UInt8]] = []
        var rest = EnvelopeFrames(parts.envelope)
        while let frame = rest.next() { frames.append(Array(frame)) }
        guard frames.count <= 8, frames.allSatisfy({ $0.count <= PeerAddress.frameBytesMax }) else {
            violated("an envelope of \(frames.count) frames")
        }
        return frames
    }
}
