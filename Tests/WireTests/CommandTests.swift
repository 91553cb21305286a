import Testing

@testable import Wire

@Suite struct CommandTests {
    private func named(_ body: [UInt8]) -> (name: [UInt8], data: [UInt8])? {
        body.withUnsafeBytes { bytes in
            Command(bytes).map { (Array($0.name), Array($0.data)) }
        }
    }

    private func type(_ properties: [UInt8]) -> String? {
        properties.withUnsafeBytes { PeerProperties.socketType(in: $0) }
    }

    private func pong(_ data: [UInt8]) -> [UInt8]? {
        data.withUnsafeBytes { Heartbeat.pong(for: $0) }
    }

    @Test func hasANameAndData() throws {
        let command = try #require(named([4] + WireSamples.text("PINGdata")))
        #expect(command.name == WireSamples.text("PING"))
        #expect(command.data == WireSamples.text("data"))
        #expect(try #require(named([1, 65])).data.isEmpty)
        #expect(Command.body("A", [1]) == [1, 65, 1])
    }

    @Test(arguments: [[], [0], [0, 65], [1], [5, 65, 66, 67, 68], [255, 1]])
    func withoutAWholeNameItIsNone(body: [UInt8]) {
        #expect(named(body) == nil)
    }

    @Test func aNameIsComparedWhole() {
        let body: [UInt8] = [4] + WireSamples.text("PING")
        body.withUnsafeBytes { bytes in
            let command = Command(bytes)
            #expect(command?.isNamed("PING") == true)
            for other: StaticString in ["PIN", "PINGS", "PONG", "ping", ""] {
                #expect(command?.isNamed(other) == false)
            }
        }
    }

    @Test func propertiesAreAtMostEight() {
        let type = WireSamples.property("Socket-Type", "PUSH")
        let other = WireSamples.property("X-Other", "value")
        for count in 0...9 {
            let others = Array(repeating: other, count: count).flatMap(\.self)
            #expect(self.type(others + type) == (count < 8 ? "PUSH" : nil), "\(count) others")
            #expect(self.type(others) == nil)
        }
    }

    @Test(arguments: ["Socket-Type", "socket-type", "SOCKET-TYPE", "sOCKET-tYPE"])
    func aPropertysNameHasNoCase(name: String) {
        #expect(type(WireSamples.property(name, "DEALER")) == "DEALER")
    }

    @Test(arguments: ["Socket-Typ", "Socket-Types", "Socket_Type", "Identity"])
    func onlyTheSocketTypeCounts(name: String) {
        #expect(type(WireSamples.property(name, "DEALER")) == nil)
    }

    /// Each prefix, and each length that does not fit, is refused.
    @Test func brokenLengthsAreRefused() {
        let whole = WireSamples.property("Socket-Type", "PUSH")
        for count in 0..<whole.count { #expect(type(Array(whole.prefix(count))) == nil) }
        for extra in 1..<6 { #expect(type(whole + WireSamples.zeros(extra)) == nil) }
        for at in 12..<16 {
            for bit in 0..<8 {
                var broken = whole
                broken[at] ^= 1 << UInt8(bit)
                #expect(type(broken) == nil, "bit \(bit) of byte \(at)")
            }
        }
        var longName = whole
        longName[0] = 255
        #expect(type(longName) == nil)
    }

    @Test func writesWhatItReads() {
        for listener in ListenerType.allCases {
            #expect(
                type(PeerProperties.written(socketType: listener.rawValue)) == listener.rawValue
            )
        }
        let pull = WireSamples.property("Socket-Type", "PULL")
        let router =
            WireSamples.property("Socket-Type", "ROUTER") + WireSamples.property("Identity", "")
        #expect(PeerProperties.written(socketType: "PULL") == pull)
        #expect(PeerProperties.written(socketType: "ROUTER") == router)
    }

    /// RFC 37: two bytes of time to live, at most sixteen of context, which the answer repeats.
    @Test func aPongRepeatsThePingsContext() {
        for count in 0...20 {
            let context = (0..<count).map { UInt8($0) }
            let answer: [UInt8]? = count <= 16 ? [4] + WireSamples.text("PONG") + context : nil
            #expect(pong([0, 1] + context) == answer)
        }
        #expect(pong([]) == nil && pong([0]) == nil)
        #expect(Heartbeat.ping(timeToLive: 258) == [4] + WireSamples.text("PING") + [1, 2])
    }
}
