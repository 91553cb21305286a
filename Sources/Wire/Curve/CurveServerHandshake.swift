import CSodium

/// The server's side of a CURVE handshake (ZeroMQ RFC 26), for one connection.
///
/// It takes the bodies of command frames and returns bodies, without a socket or a clock; the owner
/// closes connections that take too long. One thread at a time. The order is
/// ``answerHello(_:)``, ``takeInitiate(_:into:)``, a look whether the client's key is known, and
/// ``ready(metadata:into:)``. Any ``CurveFault`` ends the handshake: later commands are out of turn.
///
/// Between HELLO and INITIATE the value keeps only the cookie's key, made for this connection. The
/// transient keys are in the cookie, so a cookie of another connection, or an earlier one, does not
/// open.
///
/// The cost that a peer can cause is bounded: a HELLO that is refused one key agreement at most, an
/// INITIATE whose cookie is refused none.
package struct CurveServerHandshake: ~Copyable {
    package static let initiateBytesMaxDefault = 2_048

    private enum Step: ~Copyable {
        case beforeHello
        case beforeInitiate(cookieKey: SecretBytes, nonce: UInt64)
        case beforeReady(SecretBytes, nonce: UInt64)
        case over
    }

    /// The keys that came out of a cookie: the client's transient key, the server's transient secret.
    private struct Transient: ~Copyable {
        let client: CurveKey
        let secret: SecretBytes
    }

    private let keys: CurveKeyPair
    private let initiateBytesMax: Int
    private var step = Step.beforeHello
    /// Key agreements so far, refused commands included: the expensive part, some 50 µs each.
    package private(set) var agreements = 0

    /// - Parameters:
    ///   - keys: the long-term keys of the server, shared by all handshakes.
    ///   - initiateBytesMax: the largest body of INITIATE; larger ones are refused unread.
    package init(
        keys: CurveKeyPair,
        initiateBytesMax: Int = Self.initiateBytesMaxDefault
    ) {
        Sodium.require()
        self.keys = keys
        self.initiateBytesMax = initiateBytesMax
    }

    /// Checks the body of HELLO, 200 bytes, and returns the body of WELCOME, 168 bytes.
    package mutating func answerHello(
        _ body: UnsafeRawBufferPointer
    ) throws(CurveFault) -> [UInt8] {
        typealias Hello = CurveCommand.Hello
        guard case .beforeHello = takeStep() else { throw .outOfTurn(Hello.name) }
        let client = try Self.keyOfHello(body)
        guard let agreed = Self.agree(client, keys.secretKey, counting: &agreements) else {
            throw .weakKey
        }
        let nonce = CurveCommand.number(body, at: Hello.nonce)
        var text = [UInt8](repeating: 0xFF, count: Hello.textCount)
        let isAuthentic = text.withUnsafeMutableBytes {
            CurveBox.open(
                body.part(from: Hello.box),
                into: $0,
                nonce: CurveNonce(.hello, nonce),
                key: agreed
            )
        }
        guard isAuthentic, text.allSatisfy({ $0 == 0 }) else { throw .wrongServerKey }
        let cookieKey = SecretBytes.random(count: CurveBox.keyCount)
        let answer = Self.welcome(to: client, agreed: agreed, cookieKey: cookieKey)
        step = .beforeInitiate(cookieKey: cookieKey, nonce: nonce)
        return answer
    }

    /// Checks the body of INITIATE.
    ///
    /// - Parameters:
    ///   - body: 257 bytes or more.
    ///   - metadata: replaced by the client's properties, as it encoded them; unchanged after a
    ///     fault.
    /// - Returns: the client's long-term key. The client has proved that it has the secret of it;
    ///   whether it may connect is for the caller to decide.
    /// - Throws: if the command is malformed, forged, replayed or out of turn.
    package mutating func takeInitiate(
        _ body: UnsafeRawBufferPointer,
        into metadata: inout [UInt8]
    ) throws(CurveFault) -> CurveKey {
        typealias Initiate = CurveCommand.Initiate
        guard case .beforeInitiate(let cookieKey, let last) = takeStep() else {
            throw .outOfTurn(Initiate.name)
        }
        guard body.count <= initiateBytesMax else {
            throw .tooLong(Initiate.name, count: body.count, max: initiateBytesMax)
        }
        guard body.count >= Initiate.countMin else { throw .wrongLength(Initiate.name, body.count) }
        guard CurveCommand.isNamed(Initiate.name, body) else {
            throw .wrongName(expected: Initiate.name)
        }
        let nonce = CurveCommand.number(body, at: Initiate.nonce)
        guard nonce > last else { throw .staleNonce(last: last, received: nonce) }
        let cookie = body.part(from: Initiate.cookie, count: CurveCommand.Cookie.count)
        guard let transient = Self.open(cookie, cookieKey) else { throw .foreignCookie }
        guard
            let agreed = Self.agree(transient.client, transient.secret, counting: &agreements)
        else { throw .weakKey }
        let box = body.part(from: Initiate.box)
        let text = SecretBytes(count: box.count - CurveBox.overhead)
        guard
            CurveBox.open(
                box,
                into: text.mutableBytes,
                nonce: CurveNonce(.initiate, nonce),
                key: agreed
            )
        else { throw .unreadableInitiate }
        let client = try checkVouch(in: text.bytes, transient)
        metadata = Array(text.bytes.part(from: Initiate.metadata))
        step = .beforeReady(agreed, nonce: nonce)
        return client
    }

    /// Ends the handshake: the client may send messages, and be sent messages.
    ///
    /// Traps unless ``takeInitiate(_:into:)`` has returned before.
    ///
    /// - Parameters:
    ///   - metadata: the server's properties, encoded as RFC 23 has them.
    ///   - body: replaced by the body of READY: 30 bytes and the metadata.
    /// - Returns: the encryption of all later frames.
    package consuming func ready(
        metadata: [UInt8],
        into body: inout [UInt8]
    ) -> CurveSession {
        typealias Ready = CurveCommand.Ready
        guard case .beforeReady(let agreed, let received) = takeStep() else {
            preconditionFailure("READY before INITIATE")
        }
        let nonce: UInt64 = 1
        body = CurveCommand.header(Ready.name)
        body.append(number: nonce)
        body += [UInt8](repeating: 0, count: metadata.count + CurveBox.overhead)
        body.withUnsafeMutableBytes { body in
            metadata.withUnsafeBytes {
                CurveBox.seal(
                    $0,
                    into: body.part(from: Ready.box),
                    nonce: CurveNonce(.ready, nonce),
                    key: agreed
                )
            }
        }
        return CurveSession(key: agreed, role: .server, received: received, sent: nonce)
    }

    /// Returns the body of ERROR, which may answer HELLO or INITIATE in place of WELCOME or READY.
    ///
    /// Nothing may follow it. libzmq reports a reason of `300`, `400` or `500` to the monitor of the
    /// client's socket as a failed authentication, and other texts as a failed handshake.
    ///
    /// - Parameter reason: printable ASCII; other characters become `?`, and all beyond 255 are cut.
    /// - Returns: 7 to 262 bytes.
    package func error(_ reason: String) -> [UInt8] {
        let text = reason.unicodeScalars.prefix(CurveCommand.Failure.reasonCountMax).map {
            (0x20..<0x7F).contains($0.value) ? UInt8($0.value) : UInt8(ascii: "?")
        }
        return CurveCommand.header(CurveCommand.Failure.name) + [UInt8(text.count)] + text
    }

    /// Takes the step out, so that whatever throws leaves a handshake that is over.
    private mutating func takeStep() -> Step {
        var taken = Step.over
        swap(&taken, &step)
        return taken
    }

    private static func agree(
        _ key: CurveKey,
        _ secret: borrowing SecretBytes,
        counting agreements: inout Int
    ) -> SecretBytes? {
        agreements += 1
        return CurveBox.agree(key, secret)
    }

    /// Checks what costs nothing, and returns the client's transient key.
    private static func keyOfHello(
        _ body: UnsafeRawBufferPointer
    ) throws(CurveFault) -> CurveKey {
        typealias Hello = CurveCommand.Hello
        guard body.count == Hello.count else { throw .wrongLength(Hello.name, body.count) }
        guard CurveCommand.isNamed(Hello.name, body) else {
            throw .wrongName(expected: Hello.name)
        }
        let (major, minor) = (body[Hello.version], body[Hello.version + 1])
        guard major == 1, minor == 0 else { throw .wrongVersion(major, minor) }
        guard body[Hello.padding..<Hello.key].allSatisfy({ $0 == 0 }) else { throw .wrongPadding }
        guard
            let key = CurveKey(bytes: body.part(from: Hello.key, count: CurveKey.byteCount)),
            key.isCanonical
        else { throw .weakKey }
        return key
    }

    private static func welcome(
        to client: CurveKey,
        agreed: borrowing SecretBytes,
        cookieKey: borrowing SecretBytes
    ) -> [UInt8] {
        typealias Welcome = CurveCommand.Welcome
        let transient = CurveKeyPair()
        let text = SecretBytes(count: Welcome.textCount)
        transient.publicKey.withUnsafeBytes { text.mutableBytes.copyMemory(from: $0) }
        let cookie = text.mutableBytes.part(from: CurveKey.byteCount)
        write(cookieOf: client, transient, into: cookie, cookieKey)
        var body = CurveCommand.header(Welcome.name)
        body += [UInt8](repeating: 0, count: Welcome.count - body.count)
        body.withUnsafeMutableBytes { body in
            let nonce = body.part(from: Welcome.nonce, count: CurveNonce.longCount)
            Sodium.fillRandomly(nonce)
            CurveBox.seal(
                text.bytes,
                into: body.part(from: Welcome.box),
                nonce: CurveNonce("WELCOME-", UnsafeRawBufferPointer(nonce)),
                key: agreed
            )
        }
        return body
    }

    private static func write(
        cookieOf client: CurveKey,
        _ transient: CurveKeyPair,
        into cookie: UnsafeMutableRawBufferPointer,
        _ cookieKey: borrowing SecretBytes
    ) {
        let text = SecretBytes(count: CurveCommand.Cookie.textCount)
        client.withUnsafeBytes { text.mutableBytes.copyMemory(from: $0) }
        text.mutableBytes.part(from: CurveKey.byteCount).copyMemory(from: transient.secretKey.bytes)
        let nonce = cookie.part(from: 0, count: CurveNonce.longCount)
        Sodium.fillRandomly(nonce)
        CurveBox.seal(
            text.bytes,
            into: cookie.part(from: CurveCommand.Cookie.box),
            nonce: CurveNonce("COOKIE--", UnsafeRawBufferPointer(nonce)),
            key: cookieKey
        )
    }

    private static func open(
        _ cookie: UnsafeRawBufferPointer,
        _ cookieKey: borrowing SecretBytes
    ) -> Transient? {
        let text = SecretBytes(count: CurveCommand.Cookie.textCount)
        let nonce = cookie.part(from: 0, count: CurveNonce.longCount)
        guard
            CurveBox.open(
                cookie.part(from: CurveCommand.Cookie.box),
                into: text.mutableBytes,
                nonce: CurveNonce("COOKIE--", nonce),
                key: cookieKey
            ),
            let client = CurveKey(bytes: text.bytes.part(from: 0, count: CurveKey.byteCount))
        else { return nil }
        let secret = SecretBytes(copying: text.bytes.part(from: CurveKey.byteCount))
        return Transient(client: client, secret: secret)
    }

    /// Returns the client's long-term key if its vouch is for this connection and this server.
    private mutating func checkVouch(
        in initiate: UnsafeRawBufferPointer,
        _ transient: borrowing Transient
    ) throws(CurveFault) -> CurveKey {
        let vouch = initiate.part(
            from: CurveCommand.Initiate.vouch,
            count: CurveCommand.Cookie.count
        )
        guard
            let client = CurveKey(bytes: initiate.part(from: 0, count: CurveKey.byteCount)),
            client.isCanonical,
            let agreed = Self.agree(client, transient.secret, counting: &agreements)
        else { throw .weakKey }
        let text = SecretBytes(count: CurveCommand.Cookie.textCount)
        let nonce = vouch.part(from: 0, count: CurveNonce.longCount)
        guard
            CurveBox.open(
                vouch.part(from: CurveCommand.Cookie.box),
                into: text.mutableBytes,
                nonce: CurveNonce("VOUCH---", nonce),
                key: agreed
            ),
            CurveKey(bytes: text.bytes.part(from: 0, count: CurveKey.byteCount))
                == transient.client,
            CurveKey(bytes: text.bytes.part(from: CurveKey.byteCount)) == keys.publicKey
        else { throw .wrongVouch }
        return client
    }
}

extension [UInt8] {
    /// Appends a number in network order, as short nonces have it.
    mutating func append(number: UInt64) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
