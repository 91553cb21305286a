@testable import Wire

/// What a stream of frames has in it.
enum SplitItem: Equatable {
    case message(payload: [UInt8], envelope: [[UInt8]])
    case refused(MessageFault, envelope: [[UInt8]])
    case probe
    case command([UInt8])
    case violation(MessageSplitter.Violation)
}

/// Splits a whole stream, frame after frame, without regard to memory.
struct ReferenceSplitter {
    let isAnswered: Bool
    let frameBytesMax: Int
    let payloadBytesMax: Int

    private(set) var items: [SplitItem] = []
    /// Where messages and commands end.
    private(set) var ends: [Int] = []
    private var envelope: [[UInt8]] = []
    private var fault: MessageFault?

    private struct Header {
        var flags: UInt8
        var byteCount: Int
        var bodyCount: Int
    }

    init(isAnswered: Bool, frameBytesMax: Int, payloadBytesMax: Int) {
        self.isAnswered = isAnswered
        self.frameBytesMax = frameBytesMax
        self.payloadBytesMax = payloadBytesMax
    }

    mutating func split(_ stream: [UInt8]) {
        var at = 0
        while let header = Self.header(stream[at...]) {
            if let violation = violation(header) {
                items.append(.violation(violation))
                return
            }
            let end = at + header.byteCount + header.bodyCount
            guard end <= stream.count else { return }
            let body = Array(stream[(at + header.byteCount)..<end])
            if header.flags & 4 != 0 {
                items.append(.command(body))
                ends.append(end)
            } else if header.flags & 1 != 0 {
                if isAnswered { add(body) }
            } else {
                items.append(finish(body))
                ends.append(end)
                envelope = []
                fault = nil
            }
            at = end
        }
    }

    /// Nil if it is not whole; the body's length is `Int.max` if the frame is none.
    private static func header(_ bytes: ArraySlice<UInt8>) -> Header? {
        guard bytes.count >= 2, let flags = bytes.first else { return nil }
        if flags > 7 { return Header(flags: flags, byteCount: 2, bodyCount: .max) }
        let isLong = flags & 2 != 0
        guard !isLong || bytes.count >= 9 else { return nil }
        let length = bytes.dropFirst().prefix(isLong ? 8 : 1).reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        let isPossible = length < 1 << 62
        return Header(
            flags: flags,
            byteCount: isLong ? 9 : 2,
            bodyCount: isPossible ? Int(length) : .max
        )
    }

    private func violation(_ header: Header) -> MessageSplitter.Violation? {
        if header.bodyCount == .max { return .notZMTP }
        if header.flags & 4 != 0 {
            return header.flags & 1 != 0 || header.bodyCount > 2_048 ? .notZMTP : nil
        }
        return header.bodyCount > frameBytesMax ? .frameTooLong : nil
    }

    /// A frame ahead of the payload.
    private mutating func add(_ frame: [UInt8]) {
        guard fault == nil || fault == .requestIDTooLong else { return }
        let isTooLong = frame.count > 255
        let bytes = envelope.reduce(isTooLong ? 0 : frame.count) { $0 + $1.count }
        guard envelope.count < 8, bytes <= 1_024 else {
            fault = .tooManyFrames
            return
        }
        if isTooLong { fault = .requestIDTooLong }
        envelope.append(isTooLong ? [] : frame)
    }

    private func finish(_ payload: [UInt8]) -> SplitItem {
        if let fault { return .refused(fault, envelope: envelope) }
        if payload.count > payloadBytesMax { return .refused(.tooLarge, envelope: envelope) }
        if isAnswered, envelope.isEmpty, payload.isEmpty { return .probe }
        return .message(payload: payload, envelope: envelope)
    }
}

/// A connection that is fed to a splitter as a listener does: what is left of a message is kept from
/// its start, and put in front of the next bytes.
struct SplitConnection {
    /// Why a splitter's answer is impossible.
    struct Breach: Error, CustomStringConvertible {
        let description: String
    }

    let name: [UInt8]
    private(set) var items: [SplitItem] = []
    private(set) var hasEnded = false
    private(set) var needed = 0
    private var partial = MessageSplitter.Partial()
    private var kept: [UInt8] = []
    /// Bytes ahead of those that are kept.
    private var taken = 0

    init(name: [UInt8]) { self.name = name }

    /// The position in the stream up to which it wants bytes.
    var wanted: Int { taken + needed }

    mutating func feed(
        _ bytes: some Sequence<UInt8>,
        to splitter: MessageSplitter,
        _ address: inout PeerAddress
    ) throws {
        if name.count > 0 { name.withUnsafeBytes { _ = address.begin($0) } }
        kept += bytes
        let all = kept
        let count = try all.withUnsafeBytes { try takeAll($0, by: splitter, &address) }
        kept.removeFirst(count)
        taken += count
    }

    /// Returns how many bytes were taken until more are needed.
    private mutating func takeAll(
        _ all: UnsafeRawBufferPointer,
        by splitter: MessageSplitter,
        _ address: inout PeerAddress
    ) throws -> Int {
        var at = 0
        // Each turn takes a byte, ends a message, or is the last.
        for _ in 0...(2 * all.count + 2) {
            if name.count > 0 { address.restart() }
            let rest = UnsafeRawBufferPointer(rebasing: all[at...])
            let item = splitter.next(rest, after: &partial, into: &address)
            guard let count = try take(item, of: rest, address) else { return at }
            guard (0...rest.count).contains(count) else {
                throw Breach(description: "takes \(count) of \(rest.count) bytes")
            }
            at += count
            if hasEnded { return at }
        }
        throw Breach(description: "goes on without progress")
    }

    /// Returns how many bytes an item takes; nil if it needs more.
    private mutating func take(
        _ item: MessageSplitter.Item,
        of rest: UnsafeRawBufferPointer,
        _ address: borrowing PeerAddress
    ) throws -> Int? {
        switch item {
        case .message(let payload, let taken):
            items.append(.message(payload: Array(payload), envelope: try envelope(address)))
            return taken
        case .refused(let fault, let taken):
            items.append(.refused(fault, envelope: try envelope(address)))
            return taken
        case .dropped(let taken):
            guard taken > 0 else { throw Breach(description: "drops nothing") }
            return taken
        case .probe(let taken):
            items.append(.probe)
            return taken
        case .command(let body, let taken):
            items.append(.command(Array(body)))
            return taken
        case .incomplete(let total):
            guard total > rest.count else {
                throw Breach(description: "needs \(total) bytes and has \(rest.count)")
            }
            needed = total
            return nil
        case .invalid(let violation):
            items.append(.violation(violation))
            hasEnded = true
            return 0
        }
    }

    private func envelope(_ address: borrowing PeerAddress) throws -> [[UInt8]] {
        guard name.count > 0 else { return [] }
        let parts = AddressParts(address.bytes)
        guard parts.routingID.elementsEqual(name) else {
            throw Breach(description: "another connection's name")
        }
        var frames: [[UInt8]] = []
        var rest = EnvelopeFrames(parts.envelope)
        while let frame = rest.next() { frames.append(Array(frame)) }
        guard frames.count == address.frameCount else {
            throw Breach(description: "\(frames.count) frames, not \(address.frameCount)")
        }
        return frames
    }
}
