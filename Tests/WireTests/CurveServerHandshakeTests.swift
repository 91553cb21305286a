import Testing

@testable import Wire

@Suite struct CurveServerHandshakeTests {
    private static let metadata = Array("\u{b}Socket-Type\0\0\0\u{4}PUSH".utf8)

    @Test func admitsClientThatHasItsSecret() throws {
        var rig = CurveRig()
        let welcome = try rig.server.answer(hello: try rig.client.hello())
        #expect(welcome.count == 168)
        try rig.client.takeWelcome(welcome)
        let initiate = try rig.client.initiate(metadata: Self.metadata)
        let (key, metadata) = try rig.server.take(initiate: initiate)
        #expect(key == rig.client.keys.publicKey)
        #expect(metadata == Self.metadata)
        // One agreement each for HELLO, INITIATE and vouch.
        #expect(rig.server.agreements == 3)
    }

    @Test func sessionsCarryFramesInBothDirections() throws {
        var ends = try CurveRig.sessions()
        for count in [0, 1, 255, 70_000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let there = try ends.server.open(ends.client.seal(payload, more: count == 1))
            #expect(there.payload == payload && there.message.hasMore == (count == 1))
            let back = try ends.client.open(ends.server.seal(payload, isCommand: count == 1))
            #expect(back.payload == payload && back.message.isCommand == (count == 1))
        }
    }

    @Test func readyCarriesMetadata() throws {
        var rig = CurveRig()
        try rig.greet()
        _ = try rig.server.take(initiate: try rig.client.initiate())
        #expect(try Self.answeredMetadata(rig) == Self.metadata)
    }

    private static func answeredMetadata(_ rig: consuming CurveRig) throws -> [UInt8] {
        var (body, metadata): ([UInt8], [UInt8]) = ([], [])
        _ = rig.server.ready(metadata: Self.metadata, into: &body)
        #expect(body.count == 30 + Self.metadata.count)
        _ = try rig.client.takeReady(body, into: &metadata)
        return metadata
    }

    @Test func refusesEveryFlippedBitOfHello() throws {
        let keys = CurveKeyPair()
        var client = CurveClientDouble(server: keys.publicKey)
        let hello = try client.hello()
        for bit in 0..<hello.count * 8 {
            var server = CurveServerHandshake(keys: keys)
            #expect(throws: CurveFault.self, "bit \(bit)") {
                _ = try server.answer(hello: hello.flipping(bit))
            }
            #expect(server.agreements <= 1)
        }
    }

    @Test func refusesFlippedBitsOfInitiate() throws {
        // Each attempt needs a handshake of its own: every seventh bit, which is in every byte.
        let count = try Self.initiateCount()
        for bit in stride(from: 0, to: count * 8, by: 7) {
            var rig = CurveRig()
            try rig.greet()
            let initiate = try rig.client.initiate(metadata: Self.metadata)
            #expect(throws: CurveFault.self, "bit \(bit)") {
                _ = try rig.server.take(initiate: initiate.flipping(bit))
            }
            let isInCookie = bit / 8 < 105
            #expect(rig.server.agreements == 1 || (!isInCookie && rig.server.agreements <= 3))
        }
    }

    private static func initiateCount() throws -> Int {
        var rig = CurveRig()
        try rig.greet()
        return try rig.client.initiate(metadata: Self.metadata).count
    }

    @Test func refusesHelloOfAnyOtherLength() throws {
        let keys = CurveKeyPair()
        var client = CurveClientDouble(server: keys.publicKey)
        let hello = try client.hello()
        for body in [[], [5], Array(hello.dropLast()), hello + [0]] {
            var server = CurveServerHandshake(keys: keys)
            #expect(throws: CurveFault.wrongLength("HELLO", body.count)) {
                _ = try server.answer(hello: body)
            }
            #expect(server.agreements == 0)
        }
    }

    @Test func refusesInitiateOfWrongLengthBeforeCryptography() throws {
        for (cut, fault) in [
            (0, CurveFault.wrongLength("INITIATE", 0)),
            (256, CurveFault.wrongLength("INITIATE", 256)),
            (2_049, CurveFault.tooLong("INITIATE", count: 2_049, max: 2_048)),
        ] {
            var rig = CurveRig()
            try rig.greet()
            let metadata = [UInt8](repeating: 1, count: 2_049 - 257)
            let initiate = try rig.client.initiate(metadata: metadata)
            #expect(throws: fault) {
                _ = try rig.server.take(initiate: Array(initiate.prefix(cut)))
            }
            #expect(rig.server.agreements == 1)
        }
    }

    @Test func takesInitiateAtItsBound() throws {
        var rig = CurveRig()
        try rig.greet()
        let metadata = [UInt8](repeating: 1, count: 2_048 - 257)
        let taken = try rig.server.take(initiate: try rig.client.initiate(metadata: metadata))
        #expect(taken.metadata == metadata)
    }

    @Test func refusesClientThatHasAnotherServerKey() throws {
        var client = CurveClientDouble(server: CurveKeyPair().publicKey)
        var server = CurveServerHandshake(keys: CurveKeyPair())
        #expect(throws: CurveFault.wrongServerKey) {
            _ = try server.answer(hello: try client.hello())
        }
    }

    @Test func refusesHelloWhoseTextIsNotZero() throws {
        var rig = CurveRig()
        #expect(throws: CurveFault.wrongServerKey) {
            let text = [UInt8](repeating: 0, count: 63) + [1]
            _ = try rig.server.answer(hello: try rig.client.hello(text: text))
        }
    }

    @Test func refusesKeysOfLowOrder() throws {
        let keys = CurveKeyPair()
        var client = CurveClientDouble(server: keys.publicKey)
        var hello = try client.hello()
        hello.replaceSubrange(80..<112, with: [UInt8](repeating: 0, count: 32))
        var server = CurveServerHandshake(keys: keys)
        #expect(throws: CurveFault.weakKey) { _ = try server.answer(hello: hello) }
    }

    @Test func refusesCookieOfAnotherConnection() throws {
        let keys = CurveKeyPair()
        var first = CurveRig(serverKeys: keys)
        var second = CurveRig(serverKeys: keys)
        try first.greet()
        try second.greet()
        let foreign = Array(try first.client.initiate()[9..<105])
        #expect(throws: CurveFault.foreignCookie) {
            _ = try second.server.take(initiate: try second.client.initiate(cookie: foreign))
        }
        #expect(second.server.agreements == 1)
    }

    @Test func refusesInitiateOfAnotherConnection() throws {
        let keys = CurveKeyPair()
        var first = CurveRig(serverKeys: keys)
        var second = CurveRig(serverKeys: keys)
        try first.greet()
        try second.greet()
        let replayed = try first.client.initiate()
        #expect(throws: CurveFault.foreignCookie) {
            _ = try second.server.take(initiate: replayed)
        }
    }

    @Test(arguments: ["transient", "server", "signer"])
    func refusesVouchThatIsNotForThisConnection(wrong: String) throws {
        var rig = CurveRig()
        try rig.greet()
        let other = CurveKeyPair()
        let initiate = try rig.client.initiate(
            vouchedTransient: wrong == "transient" ? other.publicKey : nil,
            vouchedServer: wrong == "server" ? other.publicKey : nil,
            signer: wrong == "signer" ? other : nil
        )
        #expect(throws: CurveFault.wrongVouch) { _ = try rig.server.take(initiate: initiate) }
    }

    @Test func refusesNonceThatDoesNotGrow() throws {
        var rig = CurveRig()
        rig.client.nonce = 6
        try rig.greet()
        rig.client.nonce = 6
        let initiate = try rig.client.initiate()
        #expect(throws: CurveFault.staleNonce(last: 7, received: 7)) {
            _ = try rig.server.take(initiate: initiate)
        }
    }

    @Test func refusesCommandsOutOfTurn() throws {
        var rig = CurveRig()
        let hello = try rig.client.hello()
        #expect(throws: CurveFault.outOfTurn("INITIATE")) {
            _ = try rig.server.take(initiate: [UInt8](repeating: 0, count: 300))
        }
        // The fault has ended the handshake.
        #expect(throws: CurveFault.outOfTurn("HELLO")) { _ = try rig.server.answer(hello: hello) }
        var second = CurveRig()
        try second.greet()
        #expect(throws: CurveFault.outOfTurn("HELLO")) {
            _ = try second.server.answer(hello: hello)
        }
        var third = CurveRig()
        try third.greet()
        let initiate = try third.client.initiate()
        _ = try third.server.take(initiate: initiate)
        #expect(throws: CurveFault.outOfTurn("INITIATE")) {
            _ = try third.server.take(initiate: initiate)
        }
    }

    @Test func refusesOtherCommandsInTheirPlace() throws {
        var rig = CurveRig()
        var hello = try rig.client.hello()
        hello.replaceSubrange(0..<6, with: Array("\u{5}READY".utf8))
        #expect(throws: CurveFault.wrongName(expected: "HELLO")) {
            _ = try rig.server.answer(hello: hello)
        }
        var second = CurveRig()
        let later = try second.client.hello()
        #expect(throws: CurveFault.wrongVersion(2, 0)) {
            _ = try second.server.answer(hello: later.replacing(6, by: 2))
        }
    }

    @Test func everyWelcomeHasACookieOfItsOwn() throws {
        let keys = CurveKeyPair()
        var client = CurveClientDouble(server: keys.publicKey)
        let hello = try client.hello()
        var first = CurveServerHandshake(keys: keys)
        var second = CurveServerHandshake(keys: keys)
        #expect(try first.answer(hello: hello) != second.answer(hello: hello))
    }

    @Test func errorIsShortPrintableText() {
        let server = CurveServerHandshake(keys: CurveKeyPair())
        #expect(server.error("400") == Array("\u{5}ERROR\u{3}400".utf8))
        #expect(server.error("a\nü") == Array("\u{5}ERROR\u{3}a??".utf8))
        let long = server.error(String(repeating: "x", count: 300))
        #expect(long.count == 7 + 255 && long[6] == 255)
    }

    @Test func nothingPrintedContainsASecret() throws {
        let pair = CurveKeyPair()
        let secret = pair.secretZ85.bytes.map { String(UnicodeScalar($0)) }.joined()
        var dumped = ""
        dump(pair, to: &dumped)
        for text in ["\(pair)", String(reflecting: pair), dumped] {
            #expect(text.contains(pair.publicKey.z85) || text == dumped)
            #expect(!text.contains(secret))
        }
    }
}

extension [UInt8] {
    /// The same bytes with one bit changed.
    func flipping(_ bit: Int) -> [UInt8] {
        replacing(bit / 8, by: self[bit / 8] ^ (1 << (bit % 8)))
    }

    /// The same bytes with one of them changed.
    func replacing(_ index: Int, by byte: UInt8) -> [UInt8] {
        var copy = self
        copy[index] = byte
        return copy
    }
}
