/// Why a handshake failed, for the collector's log.
package enum HandshakeFault: Sendable, Equatable {
    /// The first bytes are no ZMTP greeting, or one of an older version than 2.0.
    case notZMTP
    /// ZMTP 2.0 has no security; the source demands CURVE.
    case unprotected
    /// The peer demands another mechanism.
    case mechanism(String)
    /// The peer's socket type does not fit.
    case socketType(String)
    /// A frame or command that is malformed, too long, or not expected here.
    case malformed
    /// The peer sent ERROR.
    case endedByPeer
    /// A command of CURVE is not as it has to be.
    case curve(CurveFault)
}

/// The two socket types of a listening collector.
package enum ListenerType: String, Sendable, CaseIterable {
    case pull = "PULL"
    case router = "ROUTER"

    /// The socket types that may connect (ZeroMQ RFC 28 and 30).
    package var peers: [String] {
        switch self {
        case .pull: ["PUSH"]
        case .router: ["DEALER", "REQ", "ROUTER"]
        }
    }

    /// Its number, and the numbers of ``peers``, in ZMTP 2.0 (RFC 15).
    fileprivate var number: UInt8 {
        switch self {
        case .pull: 7
        case .router: 6
        }
    }

    fileprivate var peerNumbers: [UInt8] {
        switch self {
        case .pull: [8]
        case .router: [5, 3, 6]
        }
    }
}

/// What a handshake has found out about a peer.
package struct WirePeer: Sendable, Equatable {
    /// Whether it takes commands, and answers a PING; ZMTP 2.0 has none.
    package var hasCommands: Bool

    package init(hasCommands: Bool) {
        self.hasCommands = hasCommands
    }
}

/// Greeting and handshake of the listening end: a value that takes bytes and appends its answers.
///
/// ZMTP 3.0 and 3.1 (ZeroMQ RFC 23 and 37) with the mechanism NULL or CURVE, and, without CURVE, ZMTP
/// 2.0 (RFC 15), whose greeting no HTTP request can imitate. Unversioned ZMTP 1.0 is refused: any
/// bytes are valid there. A peer's identity is read and ignored.
///
/// One with keys has no other mechanism than CURVE. Work and memory are bounded: a greeting has 64
/// bytes, a command at most ``Command/byteCountMax``.
package struct Handshake: ~Copyable {
    /// The result of ``advance(_:sending:)``.
    package enum Step: Sendable, Equatable {
        /// More bytes are needed.
        case waiting
        /// The peer has the secret of this key: call ``admit(sending:)`` if it may connect.
        case presented(CurveKey)
        case done(WirePeer)
        case failed(HandshakeFault)
    }

    private enum State {
        /// Signature and version.
        case version
        /// The rest of a ZMTP 3 greeting.
        case greeting
        /// A command: READY, or one of CURVE's.
        case command
        /// A ZMTP 2.0 peer's socket type and identity.
        case old
    }

    private static let signature: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F]
    private static let greetingByteCount = 64
    private static let mechanismByteCount = 20

    private let type: ListenerType
    private var state = State.version
    private var curve: CurveServerHandshake?
    private let mechanism: String

    /// `keys`: the collector's long-term keys; nil for the mechanism NULL.
    package init(_ type: ListenerType, keys: CurveKeyPair? = nil) {
        self.type = type
        if let keys {
            curve = CurveServerHandshake(keys: keys, initiateBytesMax: Command.byteCountMax)
            mechanism = "CURVE"
        } else {
            curve = nil
            mechanism = "NULL"
        }
    }

    /// Appends what this end sends first: signature and major version.
    package func begin(sending out: inout ByteQueue) {
        out.append(Self.signature + [3])
    }

    /// Whether the peer has sent a whole greeting.
    package var isGreeted: Bool { state == .command }

    /// How many bytes are missing for the next step, given those that are left: 1 and more.
    ///
    /// A reader that takes no more than these leaves the first message in the socket.
    package func missing(after bytes: UnsafeRawBufferPointer) -> Int {
        let total =
            switch state {
            case .version: 11
            case .greeting: Self.greetingByteCount - 11
            case .command:
                switch FrameHeader.read(bytes) {
                case .header(let header): min(header.frameByteCount, Command.byteCountMax + 9)
                case .incomplete where bytes.count < 2: 2
                case .incomplete, .invalid: FrameHeader.byteCountMax
                }
            case .old: bytes.count < 3 ? 3 : 3 + Int(bytes[2])
            }
        return max(1, total - bytes.count)
    }

    /// Takes bytes from the start of `bytes`; returns how many, and what they mean.
    ///
    /// Call it with the bytes that are left and new ones while it is waiting.
    package mutating func advance(
        _ bytes: UnsafeRawBufferPointer,
        sending out: inout ByteQueue
    ) -> (taken: Int, Step) {
        var taken = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
            let (count, step) = next(rest, sending: &out)
            taken += count
            if step != .waiting || count == 0 { return (taken, step) }
        }
    }

    /// Lets the peer in whose key was presented: appends READY, and returns the encryption of all that
    /// follows.
    ///
    /// Call it once, after ``Step/presented(_:)``.
    package mutating func admit(sending out: inout ByteQueue) -> CurveSession {
        guard let curve = curve.take() else { preconditionFailure("no key was presented") }
        var body: [UInt8] = []
        let properties = PeerProperties.written(socketType: type.rawValue)
        let session = curve.ready(metadata: properties, into: &body)
        body.withUnsafeBytes { out.appendFrame($0, isCommand: true) }
        return session
    }

    private mutating func next(
        _ bytes: UnsafeRawBufferPointer,
        sending out: inout ByteQueue
    ) -> (taken: Int, Step) {
        switch state {
        case .version: takeVersion(bytes, sending: &out)
        case .greeting: takeGreeting(bytes, sending: &out)
        case .command: takeCommand(bytes, sending: &out)
        case .old: takeOld(bytes)
        }
    }

    // MARK: - Greeting

    private mutating func takeVersion(
        _ bytes: UnsafeRawBufferPointer,
        sending out: inout ByteQueue
    ) -> (taken: Int, Step) {
        // Some libraries put a number into the eight bytes between.
        if let first = bytes.first, first != 0xFF { return (0, .failed(.notZMTP)) }
        if bytes.count >= 10, bytes[9] & 1 != 1 { return (0, .failed(.notZMTP)) }
        guard bytes.count >= 11 else { return (0, .waiting) }
        let version = bytes[10]
        if version >= 3 {
            let name = Array(mechanism.utf8)
            let padding = [UInt8](repeating: 0, count: Self.mechanismByteCount - name.count)
            let asServer: UInt8 = curve == nil ? 0 : 1
            // Minor version, mechanism, "as server", filler.
            out.append([1] + name + padding + [asServer] + [UInt8](repeating: 0, count: 31))
            state = .greeting
        } else if version >= 1 {
            guard curve == nil else { return (0, .failed(.unprotected)) }
            // Socket type, and an empty identity as a frame.
            out.append([type.number, 0, 0])
            state = .old
        } else {
            return (0, .failed(.notZMTP))
        }
        return (11, .waiting)
    }

    private mutating func takeGreeting(
        _ bytes: UnsafeRawBufferPointer,
        sending out: inout ByteQueue
    ) -> (taken: Int, Step) {
        let count = Self.greetingByteCount - 11
        guard bytes.count >= count else { return (0, .waiting) }
        let field = bytes[1..<(1 + Self.mechanismByteCount)]
        let name = String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
        guard name == mechanism else { return (count, .failed(.mechanism(name))) }
        if curve == nil {
            let ready = Command.body("READY", PeerProperties.written(socketType: type.rawValue))
            ready.withUnsafeBytes { out.appendFrame($0, isCommand: true) }
        }
        state = .command
        return (count, .waiting)
    }

    private func takeOld(_ bytes: UnsafeRawBufferPointer) -> (taken: Int, Step) {
        guard let number = bytes.first else { return (0, .waiting) }
        guard type.peerNumbers.contains(number) else {
            return (0, .failed(.socketType("number \(number)")))
        }
        // Flags, length, identity.
        guard bytes.count >= 3 else { return (0, .waiting) }
        guard bytes[1] == 0 else { return (0, .failed(.malformed)) }
        let count = 3 + Int(bytes[2])
        guard bytes.count >= count else { return (0, .waiting) }
        return (count, .done(WirePeer(hasCommands: false)))
    }

    // MARK: - Commands

    private mutating func takeCommand(
        _ bytes: UnsafeRawBufferPointer,
        sending out: inout ByteQueue
    ) -> (taken: Int, Step) {
        switch FrameHeader.read(bytes) {
        case .incomplete: return (0, .waiting)
        case .invalid: return (0, .failed(.malformed))
        case .header(let header):
            guard header.isCommand, !header.hasMore, header.bodyCount <= Command.byteCountMax else {
                return (0, .failed(.malformed))
            }
            guard bytes.count >= header.frameByteCount else { return (0, .waiting) }
            let body = UnsafeRawBufferPointer(
                rebasing: bytes[header.byteCount..<header.frameByteCount]
            )
            guard let command = Command(body) else { return (0, .failed(.malformed)) }
            if command.isNamed("ERROR") { return (0, .failed(.endedByPeer)) }
            let step =
                curve == nil ? stepOfReady(command) : stepOfCurve(command, body, sending: &out)
            return (header.frameByteCount, step)
        }
    }

    private func stepOfReady(_ command: Command) -> Step {
        guard command.isNamed("READY") else { return .failed(.malformed) }
        if let misfit = fault(ofProperties: command.data) { return .failed(misfit) }
        return .done(WirePeer(hasCommands: true))
    }

    private func fault(ofProperties data: UnsafeRawBufferPointer) -> HandshakeFault? {
        guard let peer = PeerProperties.socketType(in: data) else { return .malformed }
        return type.peers.contains(peer) ? nil : .socketType(peer)
    }

    private mutating func stepOfCurve(
        _ command: Command,
        _ body: UnsafeRawBufferPointer,
        sending out: inout ByteQueue
    ) -> Step {
        do throws(CurveFault) {
            if command.isNamed("HELLO") {
                let welcome = try curve?.answerHello(body) ?? []
                welcome.withUnsafeBytes { out.appendFrame($0, isCommand: true) }
                return .waiting
            }
            guard command.isNamed("INITIATE") else { return .failed(.malformed) }
            var metadata: [UInt8] = []
            guard let key = try curve?.takeInitiate(body, into: &metadata) else {
                return .failed(.malformed)
            }
            if let misfit = metadata.withUnsafeBytes({ fault(ofProperties: $0) }) {
                return .failed(misfit)
            }
            return .presented(key)
        } catch {
            return .failed(.curve(error))
        }
    }
}
