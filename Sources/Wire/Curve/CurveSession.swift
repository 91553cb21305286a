/// A frame that came out of a MESSAGE command.
package struct CurveMessage: Equatable, Sendable {
    /// Whether further frames of the same message follow.
    package var hasMore: Bool
    /// Whether the frame is a command of ZMTP, such as PING, and not a part of a message.
    package var isCommand: Bool
    /// The bytes of the payload.
    package var count: Int
}

/// The encrypted frames of a connection after its CURVE handshake (ZeroMQ RFC 26).
///
/// One thread at a time. Nothing here allocates: a frame costs one pass of XSalsa20 and Poly1305.
/// A MESSAGE has 33 bytes in addition to its payload. libzmq sends it in a frame without ZMTP's flags
/// for commands and for more, whatever is inside; those of the payload are in the box.
///
/// Bit 1 of the flags is libzmq's: it marks a ZMTP command, where RFC 26 has a reserved bit.
package struct CurveSession: ~Copyable {
    /// The bytes of a MESSAGE in addition to its payload.
    package static let overhead = CurveCommand.Message.countMin
    /// Where ``open(_:into:)`` writes the payload in its room; the byte before it is scratch.
    package static let payloadOffset = 1

    /// The side of the connection.
    enum Role { case server, client }

    private static let more: UInt8 = 1
    private static let command: UInt8 = 2

    private let key: SecretBytes
    private let incoming: CurveNonce.Purpose
    private let outgoing: CurveNonce.Purpose
    /// The highest short nonce of the peer.
    private var received: UInt64
    /// The latest own short nonce.
    private var sent: UInt64

    init(key: consuming SecretBytes, role: Role, received: UInt64, sent: UInt64) {
        self.key = key
        incoming = role == .server ? .messageFromClient : .messageFromServer
        outgoing = role == .server ? .messageFromServer : .messageFromClient
        self.received = received
        self.sent = sent
    }

    /// The room in bytes that ``open(_:into:)`` needs for a MESSAGE body of `count` bytes.
    package static func room(forBody count: Int) -> Int {
        max(count - overhead + payloadOffset, payloadOffset)
    }

    /// Decrypts the body of a MESSAGE.
    ///
    /// The payload is at ``payloadOffset`` of `room`: decryption is the one copy between the buffer of
    /// the socket and the place of the payload, so let `room` begin one byte before that place. `room`
    /// may overlap `body` in any way; `body` from byte 32 decrypts in place.
    ///
    /// After a fault nothing was written and nothing changed. The caller closes the connection, and
    /// sends no ERROR.
    ///
    /// - Parameters:
    ///   - body: the frame's body, with the command's name.
    ///   - room: at least ``room(forBody:)`` bytes.
    /// - Returns: the frame's flags, and the length of its payload.
    /// - Throws: if the command is malformed, forged, replayed, or larger than the room.
    package mutating func open(
        _ body: UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) throws(CurveFault) -> CurveMessage {
        typealias Message = CurveCommand.Message
        guard body.count >= Message.countMin else { throw .wrongLength(Message.name, body.count) }
        guard body.loadUnaligned(as: UInt64.self) == Message.word else {
            throw .wrongName(expected: Message.name)
        }
        let number = CurveCommand.number(body, at: Message.nonce)
        guard number > received else { throw .staleNonce(last: received, received: number) }
        let needed = Self.room(forBody: body.count)
        guard room.count >= needed else { throw .noRoom(needed: needed, room: room.count) }
        let box = body.part(from: Message.box)
        guard CurveBox.open(box, into: room, nonce: CurveNonce(incoming, number), key: key) else {
            throw .unreadableMessage
        }
        received = number
        let flags = room[0]
        guard flags & ~(Self.more | Self.command) == 0 else { throw .unknownFlags(flags) }
        return CurveMessage(
            hasMore: flags & Self.more != 0,
            isCommand: flags & Self.command != 0,
            count: needed - Self.payloadOffset
        )
    }

    /// Encrypts a frame into the body of a MESSAGE.
    ///
    /// Traps if the room is too small.
    ///
    /// - Parameters:
    ///   - more: whether further frames of the same message follow.
    ///   - isCommand: whether the payload is a command of ZMTP.
    ///   - payload: may be in `room` already, 33 bytes behind its start; otherwise they must not
    ///     overlap.
    ///   - room: at least ``overhead`` bytes and the payload.
    /// - Returns: the length of the body: the payload and ``overhead``.
    package mutating func seal(
        more: Bool,
        isCommand: Bool = false,
        _ payload: UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) -> Int {
        let flags = (more ? Self.more : 0) | (isCommand ? Self.command : 0)
        return seal(flags: flags, payload, into: room)
    }

    /// Encrypts a frame with these flags.
    mutating func seal(
        flags: UInt8,
        _ payload: UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) -> Int {
        typealias Message = CurveCommand.Message
        let count = payload.count + Self.overhead
        precondition(room.count >= count, "too little room for a MESSAGE")
        sent += 1
        room.storeBytes(of: Message.word, as: UInt64.self)
        room.storeBytes(of: sent.bigEndian, toByteOffset: Message.nonce, as: UInt64.self)
        let box = room.part(from: Message.box, count: count - Message.box)
        let text = box.part(from: CurveBox.overhead)
        text[0] = flags
        let place = text.part(from: Self.payloadOffset)
        if UnsafeRawPointer(place.baseAddress) != payload.baseAddress {
            place.copyMemory(from: payload)
        }
        CurveBox.seal(
            UnsafeRawBufferPointer(text),
            into: box,
            nonce: CurveNonce(outgoing, sent),
            key: key
        )
        return count
    }
}
