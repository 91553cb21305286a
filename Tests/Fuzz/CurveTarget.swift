@testable import Wire

/// A handshake with keys and the frames after it, by a client that does anything.
///
/// The input is the client's: the parts of its commands that it damages, its metadata, its frames.
enum CurveTarget {
    private static let server = CurveKeyPair()
    private static let client = CurveKeyPair()
    private static let transient = CurveKeyPair()

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = InputReader(bytes)
        var handshake = CurveServerHandshake(keys: server)
        let choice = input.byte()
        let isHelloDamaged = choice & 1 != 0
        let isInitiateDamaged = choice & 2 != 0
        let whole = CurveDouble.hello(to: server, transient)
        let hello = isHelloDamaged ? damaged(whole, by: &input) : whole
        guard let welcome = try? hello.withUnsafeBytes({ try handshake.answerHello($0) }) else {
            guard isHelloDamaged else { violated("a HELLO is refused") }
            return
        }
        guard let opened = CurveDouble.opened(welcome: welcome, server, transient) else {
            // A damaged key is a key as well, which this client does not have.
            guard isHelloDamaged else { violated("a WELCOME that nobody can read") }
            return
        }
        let properties = input.bytes(Int(input.byte()))
        let rightful = opened.initiate(of: client, transient, to: server, metadata: properties)
        let initiate = isInitiateDamaged ? damaged(rightful, by: &input) : rightful
        var metadata: [UInt8] = []
        let key = try? initiate.withUnsafeBytes { try handshake.takeInitiate($0, into: &metadata) }
        guard let key else {
            guard isInitiateDamaged else { violated("an INITIATE is refused") }
            return
        }
        guard key == client.publicKey, metadata == properties else {
            violated("another client's key, or other metadata")
        }
        _ = PeerProperties.socketType(in: UnsafeRawBufferPointer(start: nil, count: 0))
        _ = metadata.withUnsafeBytes { PeerProperties.socketType(in: $0) }
        var ready: [UInt8] = []
        let session = handshake.ready(metadata: [], into: &ready)
        exchange(opened.session(transient), with: session, saying: &input)
    }

    /// Sends the rest of the input as frames, some of them damaged, resent, or not encrypted.
    private static func exchange(
        _ client: consuming CurveSession?,
        with server: consuming CurveSession,
        saying input: inout InputReader
    ) {
        guard var client else { violated("no session with a key that was accepted") }
        var plain = ByteQueue()
        var last: [UInt8] = []
        while !input.isEmpty {
            let choice = input.byte()
            let payload = input.bytes(Int(input.byte()))
            var sealed = [UInt8](repeating: 0, count: payload.count + CurveSession.overhead)
            _ = sealed.withUnsafeMutableBytes { room in
                payload.withUnsafeBytes { client.seal(flags: choice >> 4, $0, into: room) }
            }
            let isDamaged = choice & 1 != 0
            let isResent = choice & 2 != 0 && !last.isEmpty
            let isForged = choice & 4 != 0
            let whole = isResent ? last : isForged ? payload : sealed
            let sent = isDamaged ? damaged(whole, by: &input) : whole
            let before = plain.count
            let isTaken: Void? = try? sent.withUnsafeBytes {
                try plain.appendOpened($0, by: &server)
            }
            if isTaken != nil {
                guard sent == sealed, choice >> 4 < 4 else { violated("a frame nobody sent") }
                guard plain.count > before, Array(plain.bytes.suffix(payload.count)) == payload
                else { violated("another payload") }
            } else {
                guard plain.count == before else { violated("bytes of a refused frame") }
                guard sent != sealed || choice >> 4 > 3 else { violated("a frame is refused") }
            }
            if isTaken != nil { last = sealed }
        }
    }

    /// Changes, cuts or lengthens bytes as the input says.
    private static func damaged(_ bytes: [UInt8], by input: inout InputReader) -> [UInt8] {
        guard !bytes.isEmpty else { return bytes }
        var bytes = bytes
        switch input.byte() % 4 {
        case 0: bytes.removeLast(input.number(below: bytes.count) + 1)
        case 1: bytes += input.bytes(1 + Int(input.byte()))
        case 2: bytes = input.bytes(Int(input.byte()))
        default: bytes[input.number(below: bytes.count)] ^= input.byte()
        }
        return bytes
    }
}

/// The client's half of CURVE (ZeroMQ RFC 26), as far as the target needs it.
struct CurveDouble {
    private static let words = (hello: "HELLO", initiate: "INITIATE")
    let serverTransient: CurveKey
    let cookie: [UInt8]

    static func hello(to server: CurveKeyPair, _ transient: CurveKeyPair) -> [UInt8] {
        var body = CurveCommand.header(words.hello) + [1, 0] + [UInt8](repeating: 0, count: 72)
        transient.publicKey.withUnsafeBytes { body += $0 }
        body.append(number: 1)
        let text = [UInt8](repeating: 0, count: CurveCommand.Hello.textCount)
        return body + sealed(text, CurveNonce(.hello, 1), to: server.publicKey, by: transient)
    }

    static func opened(
        welcome body: [UInt8],
        _ server: CurveKeyPair,
        _ transient: CurveKeyPair
    ) -> CurveDouble? {
        guard body.count == CurveCommand.Welcome.count,
            let key = CurveBox.agree(server.publicKey, transient.secretKey)
        else { return nil }
        let nonce = body[8..<24].withUnsafeBytes { CurveNonce("WELCOME-", $0) }
        var text = [UInt8](repeating: 0, count: CurveCommand.Welcome.textCount)
        let isAuthentic = text.withUnsafeMutableBytes { text in
            body[24...].withUnsafeBytes { CurveBox.open($0, into: text, nonce: nonce, key: key) }
        }
        guard isAuthentic, let found = text[..<32].withUnsafeBytes({ CurveKey(bytes: $0) }) else {
            return nil
        }
        return CurveDouble(serverTransient: found, cookie: Array(text[32...]))
    }

    func initiate(
        of client: CurveKeyPair,
        _ transient: CurveKeyPair,
        to server: CurveKeyPair,
        metadata: [UInt8]
    ) -> [UInt8] {
        let long = [UInt8](repeating: 7, count: 16)
        var vouched: [UInt8] = []
        transient.publicKey.withUnsafeBytes { vouched += $0 }
        server.publicKey.withUnsafeBytes { vouched += $0 }
        let nonce = long.withUnsafeBytes { CurveNonce("VOUCH---", $0) }
        var text: [UInt8] = []
        client.publicKey.withUnsafeBytes { text += $0 }
        text += long + Self.sealed(vouched, nonce, to: serverTransient, by: client) + metadata
        var body = CurveCommand.header(Self.words.initiate) + cookie
        body.append(number: 2)
        return body
            + Self.sealed(text, CurveNonce(.initiate, 2), to: serverTransient, by: transient)
    }

    func session(_ transient: CurveKeyPair) -> CurveSession? {
        guard let key = CurveBox.agree(serverTransient, transient.secretKey) else { return nil }
        return CurveSession(key: key, role: .client, received: 0, sent: 2)
    }

    private static func sealed(
        _ text: [UInt8],
        _ nonce: CurveNonce,
        to key: CurveKey,
        by own: CurveKeyPair
    ) -> [UInt8] {
        guard let agreed = CurveBox.agree(key, own.secretKey) else { violated("a weak key") }
        var box = [UInt8](repeating: 0, count: text.count + CurveBox.overhead)
        box.withUnsafeMutableBytes { box in
            text.withUnsafeBytes { CurveBox.seal($0, into: box, nonce: nonce, key: agreed) }
        }
        return box
    }
}
