/// Why a message is refused as a whole, as its answer says.
package enum MessageFault: String, Sendable {
    case tooLarge = "too_large"
    case missingPayload = "missing_payload"
    case tooManyFrames = "too_many_frames"
    case requestIDTooLong = "request_id_too_long"
}

/// Splits the bytes of connections into messages and commands, without copying payloads.
///
/// One serves all connections of a listener: what it has to remember of one is its ``Partial``.
/// A message that is refused is dropped as it comes, so its length costs no memory.
package struct MessageSplitter: Sendable {
    /// What ``next(_:after:into:)`` found at the start of the bytes.
    package enum Item {
        /// A message: its payload, and bytes that it takes in all; the envelope is in the address.
        case message(UnsafeRawBufferPointer, taken: Int)
        /// A message that is refused, at its last byte; the envelope is in the address.
        case refused(MessageFault, taken: Int)
        /// Bytes of a message that is being dropped.
        case dropped(taken: Int)
        /// An empty message without envelope, which some sockets send when they connect.
        case probe(taken: Int)
        case command(UnsafeRawBufferPointer, taken: Int)
        /// More bytes are needed: at least `total`, counted from the start.
        case incomplete(total: Int)
        case invalid(Violation)
    }

    /// A breach of the protocol; the connection is not usable any more.
    package enum Violation: Sendable {
        /// A frame longer than the limit.
        case frameTooLong
        /// Bytes that are no frame, or a command that is not allowed here.
        case notZMTP
    }

    /// What of a connection's current message has been taken already: its envelope before a command
    /// between two frames, or a message that is being dropped.
    package struct Partial: Sendable {
        package init() {}

        /// Bytes of the current frame's body that are dropped when they come.
        fileprivate var rest = 0
        /// Whether more frames of a refused message follow.
        fileprivate var hasMore = false
        fileprivate var fault: MessageFault?
        /// The name and the frames so far, as in ``PeerAddress``; empty without any.
        fileprivate var address: [UInt8] = []

        fileprivate var isDropping: Bool { rest > 0 || fault != nil }
        fileprivate var isActive: Bool { isDropping || !address.isEmpty }
    }

    private let isAnswered: Bool
    /// The longest frame; see ``Violation/frameTooLong``.
    private let frameBytesMax: Int
    /// The longest payload; see ``MessageFault/tooLarge``.
    private let payloadBytesMax: Int
    /// The longest frame that is a message on its own: the lesser of the two.
    private let wholeBytesMax: Int

    /// `isAnswered`: whether frames ahead of the payload are an envelope (ROUTER), or ignored (PULL).
    package init(isAnswered: Bool, frameBytesMax: Int, payloadBytesMax: Int) {
        self.isAnswered = isAnswered
        self.frameBytesMax = frameBytesMax
        self.payloadBytesMax = payloadBytesMax
        wholeBytesMax = min(frameBytesMax, payloadBytesMax)
    }

    /// Reads what is at the start of `bytes`: a whole message, a command, or a part that is dropped.
    ///
    /// `address`: begun with the connection's name; the envelope is added. A multi-frame message is
    /// read from its start each time, which is cheap: at most nine headers.
    @inline(__always)
    package func next(
        _ bytes: UnsafeRawBufferPointer,
        after partial: inout Partial,
        into address: inout PeerAddress
    ) -> Item {
        // Most messages: one whole frame.
        if !partial.isActive, case .header(let header) = FrameHeader.read(bytes),
            !header.hasMore, !header.isCommand, header.frameByteCount <= bytes.count,
            header.bodyCount <= wholeBytesMax, header.bodyCount > 0
        {
            let body = bytes[header.byteCount..<header.frameByteCount]
            return .message(UnsafeRawBufferPointer(rebasing: body), taken: header.frameByteCount)
        }
        return nextFrames(bytes, after: &partial, into: &address)
    }

    @inline(never)
    private func nextFrames(
        _ bytes: UnsafeRawBufferPointer,
        after partial: inout Partial,
        into address: inout PeerAddress
    ) -> Item {
        if partial.isDropping { return drop(bytes, after: &partial, into: &address) }
        if !partial.address.isEmpty { address.restore(partial.address) }
        var at = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
            switch FrameHeader.read(rest) {
            case .incomplete: return .incomplete(total: at + FrameHeader.needed(of: rest))
            case .invalid: return .invalid(.notZMTP)
            case .header(let header):
                if header.isCommand {
                    if at == 0 { return command(bytes, header) }
                    partial.remember(address)
                    return .dropped(taken: at)
                }
                if header.bodyCount > frameBytesMax { return .invalid(.frameTooLong) }
                if !header.hasMore {
                    return last(bytes, at: at, header, after: &partial, into: &address)
                }
                guard isAnswered else {
                    // Frames ahead of the payload are ignored.
                    partial.rest = header.bodyCount
                    return .dropped(taken: at + header.byteCount)
                }
                if let fault = fault(of: header, &address) {
                    partial.begin(fault, at: header, address)
                    return .dropped(taken: at + header.byteCount)
                }
                guard rest.count >= header.frameByteCount else {
                    return .incomplete(total: at + header.frameByteCount)
                }
                let frame = rest[header.byteCount..<header.frameByteCount]
                _ = address.add(UnsafeRawBufferPointer(rebasing: frame))
                at += header.frameByteCount
            }
        }
    }

    /// Why a frame ahead of the payload cannot be part of the envelope; a frame that is too long
    /// stands as an empty one in the answer.
    private func fault(of header: FrameHeader, _ address: inout PeerAddress) -> MessageFault? {
        let isTooLong = header.bodyCount > PeerAddress.frameBytesMax
        guard address.hasRoom(for: isTooLong ? 0 : header.bodyCount) else { return .tooManyFrames }
        guard isTooLong else { return nil }
        _ = address.add(UnsafeRawBufferPointer(start: nil, count: 0))
        return .requestIDTooLong
    }

    private func command(_ bytes: UnsafeRawBufferPointer, _ header: FrameHeader) -> Item {
        guard !header.hasMore, header.bodyCount <= Command.byteCountMax else {
            return .invalid(.notZMTP)
        }
        guard bytes.count >= header.frameByteCount else {
            return .incomplete(total: header.frameByteCount)
        }
        let body = bytes[header.byteCount..<header.frameByteCount]
        return .command(UnsafeRawBufferPointer(rebasing: body), taken: header.frameByteCount)
    }

    /// The last frame of a message, which starts at `at`.
    private func last(
        _ bytes: UnsafeRawBufferPointer,
        at: Int,
        _ header: FrameHeader,
        after partial: inout Partial,
        into address: inout PeerAddress
    ) -> Item {
        let end = at + header.frameByteCount
        if header.bodyCount > payloadBytesMax {
            partial.begin(.tooLarge, at: header, address)
            return .dropped(taken: at + header.byteCount)
        }
        guard bytes.count >= end else { return .incomplete(total: end) }
        let hasEnvelope = at > 0 || !partial.address.isEmpty
        if !partial.address.isEmpty { partial.forget() }
        if isAnswered, !hasEnvelope, header.bodyCount == 0 { return .probe(taken: end) }
        let body = bytes[(at + header.byteCount)..<end]
        return .message(UnsafeRawBufferPointer(rebasing: body), taken: end)
    }

    /// Continues to drop frames: of a refused message as many as there are, since each may be two
    /// bytes.
    private func drop(
        _ bytes: UnsafeRawBufferPointer,
        after partial: inout Partial,
        into address: inout PeerAddress
    ) -> Item {
        var at = 0
        while true {
            let count = min(partial.rest, bytes.count - at)
            partial.rest -= count
            at += count
            // What is next is for the next call, which begins there.
            let isEnd = partial.rest > 0 || !partial.hasMore || at == bytes.count
            if isEnd, at > 0 { return .dropped(taken: at) }
            if partial.rest > 0 { return .incomplete(total: 1) }
            guard partial.hasMore, let fault = partial.fault else {
                // Without answers there is no address.
                if !partial.address.isEmpty { address.restore(partial.address) }
                defer { partial = Partial() }
                return .refused(partial.fault ?? .missingPayload, taken: 0)
            }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
            guard case .header(let header) = FrameHeader.read(rest), !header.isCommand,
                header.bodyCount <= frameBytesMax,
                fault != .requestIDTooLong || !header.hasMore
            else {
                if at > 0 { return .dropped(taken: at) }
                return dropNext(bytes, after: &partial, into: &address)
            }
            partial.continue(header)
            at += header.byteCount
        }
    }

    /// What is at the start of the bytes while a message is dropped, if it is no frame to be dropped.
    private func dropNext(
        _ bytes: UnsafeRawBufferPointer,
        after partial: inout Partial,
        into address: inout PeerAddress
    ) -> Item {
        switch FrameHeader.read(bytes) {
        case .incomplete: .incomplete(total: FrameHeader.needed(of: bytes))
        case .invalid: .invalid(.notZMTP)
        case .header(let header):
            if header.isCommand {
                command(bytes, header)
            } else if header.bodyCount > frameBytesMax {
                .invalid(.frameTooLong)
            } else {
                dropAfterLongID(bytes, header, after: &partial, into: &address)
            }
        }
    }

    /// A frame ahead of the payload, after one that is too long: the answer repeats it.
    private func dropAfterLongID(
        _ bytes: UnsafeRawBufferPointer,
        _ header: FrameHeader,
        after partial: inout Partial,
        into address: inout PeerAddress
    ) -> Item {
        address.restore(partial.address)
        if let fault = fault(of: header, &address) {
            partial.begin(fault, at: header, address)
            return .dropped(taken: header.byteCount)
        }
        guard bytes.count >= header.frameByteCount else {
            return .incomplete(total: header.frameByteCount)
        }
        let frame = bytes[header.byteCount..<header.frameByteCount]
        _ = address.add(UnsafeRawBufferPointer(rebasing: frame))
        partial.address = Array(address.bytes)
        return .dropped(taken: header.frameByteCount)
    }
}

extension MessageSplitter.Partial {
    /// Keeps the envelope so far, because a command is between two frames.
    @inline(never)
    fileprivate mutating func remember(_ address: borrowing PeerAddress) {
        self.address = Array(address.bytes)
    }

    @inline(never)
    fileprivate mutating func forget() {
        address = []
    }

    /// Begins to drop a message at the frame with the given header, whose body is dropped too.
    @inline(never)
    fileprivate mutating func begin(
        _ fault: MessageFault,
        at header: FrameHeader,
        _ address: borrowing PeerAddress
    ) {
        self.address = Array(address.bytes)
        self.fault = fault
        `continue`(header)
    }

    fileprivate mutating func `continue`(_ header: FrameHeader) {
        rest = header.bodyCount
        hasMore = header.hasMore
    }
}
