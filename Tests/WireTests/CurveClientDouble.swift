import Testing

@testable import Wire

/// A client of CURVE whose parts can be made wrong one by one, as libzmq's cannot.
struct CurveClientDouble: ~Copyable {
    let server: CurveKey
    let keys: CurveKeyPair
    let transient = CurveKeyPair()
    var nonce: UInt64 = 0
    private var serverTransient: CurveKey?
    private var cookie: [UInt8] = []

    init(server: CurveKey, keys: CurveKeyPair = CurveKeyPair()) {
        self.server = server
        self.keys = keys
    }

    mutating func hello(text: [UInt8] = [UInt8](repeating: 0, count: 64)) throws -> [UInt8] {
        nonce += 1
        var body = CurveCommand.header("HELLO") + [1, 0] + [UInt8](repeating: 0, count: 72)
        transient.publicKey.withUnsafeBytes { body += $0 }
        body.append(number: nonce)
        let key = try Self.agree(server, transient)
        return body + seal(text, CurveNonce(.hello, nonce), key: key)
    }

    mutating func takeWelcome(_ body: [UInt8]) throws {
        try #require(body.count == 168 && body.starts(with: CurveCommand.header("WELCOME")))
        let key = try Self.agree(server, transient)
        let nonce = body[8..<24].withUnsafeBytes { CurveNonce("WELCOME-", $0) }
        let opened = open(Array(body[24...]), nonce, key: key)
        let text = try #require(opened)
        serverTransient = text[..<32].withUnsafeBytes { CurveKey(bytes: $0) }
        cookie = Array(text[32...])
    }

    /// Returns the body of INITIATE, with parts replaced.
    mutating func initiate(
        metadata: [UInt8] = [],
        cookie otherCookie: [UInt8]? = nil,
        vouchedTransient: CurveKey? = nil,
        vouchedServer: CurveKey? = nil,
        signer: CurveKeyPair? = nil
    ) throws -> [UInt8] {
        nonce += 1
        let serverTransient = try #require(serverTransient)
        let long = [UInt8](repeating: 7, count: 16)
        var vouched: [UInt8] = []
        (vouchedTransient ?? transient.publicKey).withUnsafeBytes { vouched += $0 }
        (vouchedServer ?? server).withUnsafeBytes { vouched += $0 }
        var text: [UInt8] = []
        keys.publicKey.withUnsafeBytes { text += $0 }
        let vouchNonce = long.withUnsafeBytes { CurveNonce("VOUCH---", $0) }
        let vouchKey = try Self.agree(serverTransient, signer ?? keys)
        text += long + seal(vouched, vouchNonce, key: vouchKey) + metadata
        var body = CurveCommand.header("INITIATE") + (otherCookie ?? cookie)
        body.append(number: nonce)
        let key = try Self.agree(serverTransient, transient)
        return body + seal(text, CurveNonce(.initiate, nonce), key: key)
    }

    /// Opens READY, and returns the server's metadata and the client's end of the session.
    func takeReady(_ body: [UInt8], into metadata: inout [UInt8]) throws -> CurveSession {
        try #require(body.count >= 30 && body.starts(with: CurveCommand.header("READY")))
        let key = try Self.agree(try #require(serverTransient), transient)
        let number = body.withUnsafeBytes { CurveCommand.number($0, at: 6) }
        let opened = open(Array(body[14...]), CurveNonce(.ready, number), key: key)
        metadata = try #require(opened)
        return CurveSession(key: key, role: .client, received: number, sent: nonce)
    }

    private static func agree(_ key: CurveKey, _ own: CurveKeyPair) throws -> SecretBytes {
        guard let agreed = CurveBox.agree(key, own.secretKey) else { throw CurveFault.weakKey }
        return agreed
    }

    private func seal(
        _ text: [UInt8],
        _ nonce: CurveNonce,
        key: borrowing SecretBytes
    ) -> [UInt8] {
        var box = [UInt8](repeating: 0, count: text.count + CurveBox.overhead)
        box.withUnsafeMutableBytes { box in
            text.withUnsafeBytes { CurveBox.seal($0, into: box, nonce: nonce, key: key) }
        }
        return box
    }

    private func open(
        _ box: [UInt8],
        _ nonce: CurveNonce,
        key: borrowing SecretBytes
    ) -> [UInt8]? {
        var text = [UInt8](repeating: 0, count: box.count - CurveBox.overhead)
        let isAuthentic = text.withUnsafeMutableBytes { text in
            box.withUnsafeBytes { CurveBox.open($0, into: text, nonce: nonce, key: key) }
        }
        return isAuthentic ? text : nil
    }
}

/// A handshake between the double and the server's half, up to READY.
struct CurveRig: ~Copyable {
    let serverKeys: CurveKeyPair
    var client: CurveClientDouble
    var server: CurveServerHandshake

    init(serverKeys: CurveKeyPair = CurveKeyPair(), clientKeys: CurveKeyPair = CurveKeyPair()) {
        self.serverKeys = serverKeys
        client = CurveClientDouble(server: serverKeys.publicKey, keys: clientKeys)
        server = CurveServerHandshake(keys: serverKeys)
    }

    /// Exchanges HELLO and WELCOME.
    mutating func greet() throws {
        try client.takeWelcome(try server.answer(hello: try client.hello()))
    }

    /// Exchanges everything, and returns both ends of the session.
    static func sessions() throws -> Ends {
        var rig = CurveRig()
        try rig.greet()
        _ = try rig.server.take(initiate: try rig.client.initiate())
        return try rig.ends()
    }

    private consuming func ends() throws -> Ends {
        var (body, metadata): ([UInt8], [UInt8]) = ([], [])
        let server = server.ready(metadata: [], into: &body)
        let client = try client.takeReady(body, into: &metadata)
        return Ends(client: client, server: server)
    }

    struct Ends: ~Copyable {
        var client: CurveSession
        var server: CurveSession
    }
}

extension CurveServerHandshake {
    /// Answers a HELLO in an array.
    mutating func answer(hello: [UInt8]) throws -> [UInt8] {
        try hello.withUnsafeBytes { try answerHello($0) }
    }

    /// Takes an INITIATE in an array, and returns the client's key and its metadata.
    mutating func take(
        initiate: [UInt8]
    ) throws -> (key: CurveKey, metadata: [UInt8]) {
        var metadata: [UInt8] = []
        let key = try initiate.withUnsafeBytes { try takeInitiate($0, into: &metadata) }
        return (key, metadata)
    }
}

extension CurveSession {
    /// Opens a MESSAGE in an array.
    mutating func open(
        _ body: [UInt8]
    ) throws -> (message: CurveMessage, payload: [UInt8]) {
        var room = [UInt8](repeating: 0, count: Self.room(forBody: body.count))
        let message = try body.withUnsafeBytes { body in
            try room.withUnsafeMutableBytes { try open(body, into: $0) }
        }
        return (message, Array(room[Self.payloadOffset...].prefix(message.count)))
    }

    /// Seals a payload into an array.
    mutating func seal(_ payload: [UInt8], more: Bool = false, isCommand: Bool = false) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: payload.count + Self.overhead)
        let count = room.withUnsafeMutableBytes { room in
            payload.withUnsafeBytes { seal(more: more, isCommand: isCommand, $0, into: room) }
        }
        return Array(room.prefix(count))
    }

    /// Seals a payload with flags that may have no meaning.
    mutating func seal(_ payload: [UInt8], flags: UInt8) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: payload.count + Self.overhead)
        _ = room.withUnsafeMutableBytes { room in
            payload.withUnsafeBytes { seal(flags: flags, $0, into: room) }
        }
        return room
    }
}
