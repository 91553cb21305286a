import TestSupport
import Testing

@testable import Wire

/// Greetings and handshakes with the mechanism NULL.
@Suite struct HandshakeTests {
    /// What a whole handshake came to.
    private struct Outcome: Equatable {
        var step: Handshake.Step
        var taken: Int
        var sent: [UInt8]
        var isGreeted: Bool
    }

    private static let readyPull = WireSamples.command(
        "READY",
        WireSamples.property("Socket-Type", "PULL")
    )

    /// Feeds `bytes` in pieces; each piece is as long as `next` says, given what is left.
    private func shake(
        _ bytes: [UInt8],
        _ type: ListenerType = .pull,
        next: (_ missing: Int) -> Int
    ) -> Outcome {
        var handshake = Handshake(type)
        var out = ByteQueue()
        handshake.begin(sending: &out)
        var (fed, taken) = (0, 0)
        var step = Handshake.Step.waiting
        while step == .waiting, fed < bytes.count {
            let missing = bytes[taken..<fed].withUnsafeBytes { handshake.missing(after: $0) }
            #expect(missing >= 1)
            fed += min(next(missing), bytes.count - fed)
            let result = bytes[taken..<fed].withUnsafeBytes {
                handshake.advance($0, sending: &out)
            }
            #expect(result.taken >= 0 && result.taken <= fed - taken)
            taken += result.taken
            step = result.1
        }
        return Outcome(
            step: step,
            taken: taken,
            sent: Array(out.bytes),
            isGreeted: handshake.isGreeted
        )
    }

    /// The outcome, which is the same for each way to feed the bytes.
    private func outcome(_ bytes: [UInt8], _ type: ListenerType = .pull) -> Outcome {
        let whole = shake(bytes, type) { _ in .max }
        let single = shake(bytes, type) { _ in 1 }
        let exact = shake(bytes, type) { $0 }
        #expect(whole == single && whole == exact)
        return whole
    }

    private func step(_ bytes: [UInt8], _ type: ListenerType = .pull) -> Handshake.Step {
        outcome(bytes, type).step
    }

    private func isDone(_ bytes: [UInt8], _ type: ListenerType = .pull) -> Bool {
        step(bytes, type) == .done(WirePeer(hasCommands: true))
    }

    // MARK: - ZMTP 3

    @Test func everySocketTypeThatFitsMayConnect() {
        let types = [
            "PUSH", "PULL", "DEALER", "ROUTER", "REQ", "REP", "PUB", "SUB", "XPUB", "XSUB", "PAIR",
            "STREAM", "", "push", "PUSHX",
        ]
        for type in types {
            let opening = WireSamples.opening(as: type)
            let fitting: Set<String> = ["DEALER", "REQ", "ROUTER"]
            #expect(isDone(opening, .pull) == (type == "PUSH"), "\(type)")
            #expect(isDone(opening, .router) == fitting.contains(type), "\(type)")
            if type != "PUSH" { #expect(step(opening) == .failed(.socketType(type))) }
        }
    }

    /// Its version first, the rest once the peer's version is known, READY after the greeting.
    @Test func sendsWhatAPeerOfItsVersionExpects() {
        let done = outcome(WireSamples.opening(as: "PUSH"))
        let own: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3]
        let rest = [1] + WireSamples.text("NULL") + WireSamples.zeros(16 + 32)
        #expect(done.sent == own + rest + Self.readyPull)
        #expect(done.isGreeted && done.taken == WireSamples.opening(as: "PUSH").count)
        #expect(outcome(Array(WireSamples.greeting().prefix(10))).sent == own)
        #expect(outcome(Array(WireSamples.greeting().prefix(11))).sent == own + rest)
        #expect(outcome(Array(WireSamples.greeting().prefix(63))).sent == own + rest)
        #expect(outcome(WireSamples.greeting()).isGreeted)
        #expect(!outcome(Array(WireSamples.greeting().prefix(63))).isGreeted)
    }

    @Test func everyVersionIsKnownOrRefused() {
        for version in UInt8.min...UInt8.max {
            let bytes = WireSamples.greeting(version: version)
            let ready = WireSamples.command("READY", WireSamples.property("Socket-Type", "PUSH"))
            switch version {
            case 0: #expect(step(bytes) == .failed(.notZMTP))
            case 1, 2:
                let old = WireSamples.oldOpening(as: 8, version: version)
                #expect(step(old) == .done(WirePeer(hasCommands: false)))
            default: #expect(isDone(bytes + ready), "version \(version)")
            }
        }
    }

    @Test func theNumberInTheSignatureIsIgnoredAndItsLastBitIsNot() {
        var opening = WireSamples.opening(as: "PUSH")
        opening.replaceSubrange(1..<9, with: [UInt8](repeating: 0xAB, count: 8))
        #expect(isDone(opening))
        for last in UInt8.min...UInt8.max {
            opening[9] = last
            #expect(isDone(opening) == (last & 1 == 1))
            // Without waiting for the version.
            let early = step(Array(opening.prefix(10)))
            #expect(early == (last & 1 == 1 ? .waiting : .failed(.notZMTP)))
        }
    }

    @Test func onlyNULLIsSpoken() {
        let names = [
            "", "N", "NUL", "null", "NULLS", "NULL ", "PLAIN", "CURVE", "GSSAPI",
            "ABCDEFGHIJKLMNOPQRST",
        ]
        for name in names {
            let bytes = WireSamples.greeting(mechanism: WireSamples.text(name))
            #expect(step(bytes) == .failed(.mechanism(name)))
        }
        let bytes = WireSamples.greeting(mechanism: [UInt8](repeating: 0xFF, count: 20))
        #expect(step(bytes) == .failed(.mechanism(String(repeating: "\u{FFFD}", count: 20))))
    }

    @Test func minorVersionAndTheRestOfTheGreetingDoNotCount() {
        var opening = WireSamples.opening(as: "PUSH")
        for minor in UInt8.min...UInt8.max {
            opening[11] = minor
            #expect(isDone(opening))
        }
        opening.replaceSubrange(32..<64, with: [UInt8](repeating: 0xFF, count: 32))
        #expect(isDone(opening))
    }

    @Test func propertiesAreCountedAndTheirLengthsChecked() {
        let type = WireSamples.property("socket-TYPE", "PUSH")
        let other = WireSamples.property("Identity", [UInt8](repeating: 7, count: 200))
        for count in 0...9 {
            let others = Array(repeating: other, count: count).flatMap(\.self)
            let with = WireSamples.greeting() + WireSamples.command("READY", others + type)
            #expect(isDone(with) == (count < 8), "\(count) others")
            let without = WireSamples.greeting() + WireSamples.command("READY", others)
            #expect(step(without) == .failed(.malformed))
        }
        for count in 0..<type.count {
            let cut = WireSamples.greeting() + WireSamples.command("READY", Array(type[..<count]))
            #expect(step(cut) == .failed(.malformed))
        }
    }

    @Test func onlyReadyMayFollowTheGreeting() {
        let type = WireSamples.property("Socket-Type", "PUSH")
        for name in ["READ", "READYS", "ready", "PING", "PONG", "SUBSCRIBE", "HELLO", "INITIATE"] {
            let bytes = WireSamples.greeting() + WireSamples.command(name, type)
            #expect(step(bytes) == .failed(.malformed), "\(name)")
        }
        let error = WireSamples.command("ERROR", [3, 78, 79, 33])
        #expect(step(WireSamples.greeting() + error) == .failed(.endedByPeer))
        let ready = [5] + WireSamples.text("READY") + type
        let wrong: [[UInt8]] = [
            WireSamples.frame(ready), WireSamples.frame(ready, more: true, command: true),
            WireSamples.frame([], command: true), WireSamples.frame([0], command: true),
            WireSamples.frame([9, 65], command: true), [8, 0],
            [6] + WireSamples.bigEndian(.max),
        ]
        for bytes in wrong { #expect(step(WireSamples.greeting() + bytes) == .failed(.malformed)) }
        let long = WireSamples.frame(ready, command: true, isLong: true)
        #expect(isDone(WireSamples.greeting() + long))
    }

    @Test func aCommandHasTwoKibibytes() {
        let type = WireSamples.property("Socket-Type", "PUSH")
        let rest = 2_048 - 6 - type.count - 5
        for (more, isAccepted) in [(0, true), (1, false)] {
            let filler = WireSamples.property("F", [UInt8](repeating: 1, count: rest - 1 + more))
            let bytes = WireSamples.greeting() + WireSamples.command("READY", filler + type)
            #expect(isDone(bytes) == isAccepted)
            // Its header is enough to refuse it.
            let header = Array(bytes.prefix(64 + 9))
            #expect(step(header) == (isAccepted ? .waiting : .failed(.malformed)))
        }
    }

    // MARK: - ZMTP 2.0

    @Test func ofAnOldPeerTheTypesNumberCounts() {
        for number in UInt8.min...UInt8.max {
            let bytes = WireSamples.oldOpening(as: number)
            let done = Handshake.Step.done(WirePeer(hasCommands: false))
            let failed = Handshake.Step.failed(.socketType("number \(number)"))
            #expect(step(bytes, .pull) == (number == 8 ? done : failed))
            #expect(step(bytes, .router) == ([3, 5, 6].contains(number) ? done : failed))
            // Refused by its number, without waiting for the rest.
            let early = step(Array(bytes.prefix(12)), .pull)
            #expect(early == (number == 8 ? .waiting : failed))
        }
        #expect(outcome(WireSamples.oldOpening(as: 8)).sent.suffix(4) == [3, 7, 0, 0])
        #expect(outcome(WireSamples.oldOpening(as: 5), .router).sent.suffix(4) == [3, 6, 0, 0])
    }

    @Test func anOldPeersIdentityIsReadAndIgnored() {
        for count in [0, 1, 254, 255] {
            let identity = [UInt8](repeating: 0xFE, count: count)
            let bytes = WireSamples.oldOpening(as: 5, identity: identity)
            let result = outcome(bytes, .router)
            #expect(result.step == .done(WirePeer(hasCommands: false)))
            #expect(result.taken == bytes.count)
            if count > 0 { #expect(step(bytes.dropLast(), .router) == .waiting) }
        }
        for flags in 1...UInt8.max {
            var bytes = WireSamples.oldOpening(as: 5)
            bytes[12] = flags
            #expect(step(bytes, .router) == .failed(.malformed))
        }
    }

    // MARK: - Others

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "POST /events HTTP/1.1\r\n", "\u{16}\u{3}\u{1}\u{2}\0", "\0",
        "SSH-2.0",
    ])
    func otherProtocolsAreRefusedByTheirFirstByte(text: String) {
        let bytes = WireSamples.text(text)
        for count in 1...bytes.count {
            let result = outcome(Array(bytes.prefix(count)))
            #expect(result.step == .failed(.notZMTP) && result.taken == 0)
        }
    }

    /// A reader that reads as many bytes as are missing leaves the first message unread.
    @Test func neverAsksForBytesBehindTheHandshake() {
        let message = WireSamples.frame([1, 2, 3])
        let identity = [UInt8](repeating: 1, count: 200)
        let long = WireSamples.command(
            "READY",
            WireSamples.property("X", identity) + WireSamples.property("X", identity)
                + WireSamples.property("Socket-Type", "DEALER")
        )
        let openings = [
            WireSamples.opening(as: "DEALER"), WireSamples.greeting() + long,
            WireSamples.oldOpening(as: 5), WireSamples.oldOpening(as: 5, identity: identity),
            WireSamples.oldOpening(as: 5, identity: [1]),
        ]
        for opening in openings {
            var asked = 0
            let result = shake(opening + message, .router) { missing in
                asked += missing
                return missing
            }
            guard case .done = result.step else {
                Issue.record("not done: \(result.step)")
                continue
            }
            #expect(asked == opening.count && result.taken == opening.count)
        }
    }

    @Test func randomBytesEndOrWait() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<3_000 {
            var bytes = WireSamples.opening(as: "PUSH")
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            _ = outcome(bytes + [UInt8](repeating: 0xFF, count: 300))
        }
    }
}
