import Producer
import Testing
import Wire
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct CurveSenderTests {
    private struct NoProgress: ProgressSink {
        mutating func update(sent: Int, acknowledged: Int?, total: Int?) {}
    }

    private let serverKeys = CurveKeyPair()
    private let clientKeys = CurveKeyPair()

    private func send(
        to collector: Collector,
        _ pattern: Sender.Configuration.Pattern,
        with curve: CurveCredentials?
    ) throws -> (summary: SendSummary, failure: ProducerError?) {
        var configuration = Sender.Configuration(
            pattern: pattern,
            endpoint: try collector.endpoint()
        )
        configuration.curve = curve
        if curve?.serverKey != serverKeys.publicKey { configuration.timeout = .milliseconds(300) }
        var sender = Sender(configuration, progress: NoProgress(), interrupted: { false })
        var source = GeneratedEvents(GeneratedEvents.Configuration(count: 200))
        return sender.run(&source)
    }

    @Test func pushesEncrypted() throws {
        let collector = try Collector(.pull, curve: serverKeys)
        defer { collector.stop() }
        let curve = CurveCredentials(serverKey: serverKeys.publicKey, keys: clientKeys)
        let (summary, failure) = try send(to: collector, .push, with: curve)
        #expect(failure == nil && summary.sent == 200)
        try collector.waitForPayloads(200)
    }

    @Test func dealerIsAnsweredEncrypted() throws {
        let collector = try Collector(.router, curve: serverKeys) { _, _ in
            #"{"status":"committed","events":1,"quarantined":[]}"#
        }
        defer { collector.stop() }
        let curve = CurveCredentials(serverKey: serverKeys.publicKey, keys: clientKeys)
        let (summary, failure) = try send(to: collector, .dealer, with: curve)
        #expect(failure == nil && summary.acknowledged == 200)
    }

    @Test func namesItsOwnKeyWhenItIsNotAdmitted() throws {
        let collector = try Collector(.pull, curve: serverKeys)
        defer { collector.stop() }
        let curve = CurveCredentials(serverKey: CurveKeyPair().publicKey, keys: clientKeys)
        let (summary, failure) = try send(to: collector, .push, with: curve)
        #expect(summary.sent == 0 && collector.payloads.isEmpty)
        let text = "\(try #require(failure))"
        #expect(text.contains(clientKeys.publicKey.z85) && text.contains("--curve"))
        #expect(failure?.exitCode == 69)
    }

    @Test func doesNotSendWithoutEncryptionToAServerThatWantsIt() throws {
        let collector = try Collector(.pull, curve: serverKeys)
        defer { collector.stop() }
        let (summary, failure) = try send(to: collector, .push, with: nil)
        #expect(summary.sent == 0 && failure?.exitCode == 69 && collector.payloads.isEmpty)
    }
}
