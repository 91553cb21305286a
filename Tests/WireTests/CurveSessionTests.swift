import Testing

@testable import Wire

@Suite struct CurveSessionTests {
    private static let payload = Array(#"{"event":"viewed"}"#.utf8)

    @Test func refusesEveryFlippedBit() throws {
        var ends = try CurveRig.sessions()
        let body = ends.client.seal(Self.payload)
        for bit in 0..<body.count * 8 {
            #expect(throws: CurveFault.self, "bit \(bit)") {
                _ = try ends.server.open(body.flipping(bit))
            }
        }
        // A fault changes nothing: the whole one is still accepted.
        #expect(try ends.server.open(body).payload == Self.payload)
    }

    @Test func refusesReplayedAndReorderedMessages() throws {
        var ends = try CurveRig.sessions()
        let (first, second) = (ends.client.seal(Self.payload), ends.client.seal([]))
        _ = try ends.server.open(second)
        #expect(throws: CurveFault.staleNonce(last: 4, received: 3)) {
            _ = try ends.server.open(first)
        }
        #expect(throws: CurveFault.staleNonce(last: 4, received: 4)) {
            _ = try ends.server.open(second)
        }
    }

    @Test func refusesTruncatedAndOverlongMessages() throws {
        var ends = try CurveRig.sessions()
        let body = ends.client.seal(Self.payload)
        for count in 0..<body.count {
            #expect(throws: CurveFault.self) { _ = try ends.server.open(Array(body.prefix(count))) }
        }
        #expect(throws: CurveFault.unreadableMessage) { _ = try ends.server.open(body + [0]) }
    }

    @Test func refusesItsOwnMessages() throws {
        var ends = try CurveRig.sessions()
        for _ in 0..<3 { _ = ends.server.seal([]) }
        let own = ends.server.seal(Self.payload)
        #expect(throws: CurveFault.unreadableMessage) { _ = try ends.server.open(own) }
    }

    @Test func refusesUnknownFlags() throws {
        var ends = try CurveRig.sessions()
        let body = ends.client.seal(Self.payload, flags: 4)
        #expect(throws: CurveFault.unknownFlags(4)) { _ = try ends.server.open(body) }
    }

    @Test func refusesRoomThatIsTooSmall() throws {
        var ends = try CurveRig.sessions()
        let body = ends.client.seal(Self.payload)
        var room = [UInt8](repeating: 0, count: Self.payload.count)
        #expect(
            throws: CurveFault.noRoom(needed: Self.payload.count + 1, room: Self.payload.count)
        ) {
            try body.withUnsafeBytes { body in
                try room.withUnsafeMutableBytes { _ = try ends.server.open(body, into: $0) }
            }
        }
    }

    @Test func decryptsInPlace() throws {
        var ends = try CurveRig.sessions()
        var body = ends.client.seal(Self.payload)
        let message = try body.withUnsafeMutableBytes { body in
            let room = UnsafeMutableRawBufferPointer(rebasing: body[32...])
            return try ends.server.open(UnsafeRawBufferPointer(body), into: room)
        }
        #expect(Array(body[33...].prefix(message.count)) == Self.payload)
    }

    @Test func sealsInPlace() throws {
        var ends = try CurveRig.sessions()
        var body = [UInt8](repeating: 0, count: CurveSession.overhead) + Self.payload
        _ = body.withUnsafeMutableBytes { body in
            let payload = UnsafeRawBufferPointer(rebasing: body[CurveSession.overhead...])
            return ends.server.seal(more: true, payload, into: body)
        }
        let opened = try ends.client.open(body)
        #expect(opened.payload == Self.payload && opened.message.hasMore)
    }

    @Test func writesNothingOfAForgery() throws {
        var ends = try CurveRig.sessions()
        let body = ends.client.seal(Self.payload).flipping(8 * 40)
        var room = [UInt8](repeating: 0xAA, count: CurveSession.room(forBody: body.count))
        #expect(throws: CurveFault.unreadableMessage) {
            try body.withUnsafeBytes { body in
                try room.withUnsafeMutableBytes { _ = try ends.server.open(body, into: $0) }
            }
        }
        #expect(room.allSatisfy { $0 == 0xAA })
    }
}
