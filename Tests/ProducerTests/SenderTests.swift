import Foundation
import Producer
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct SenderTests {
    private struct NoProgress: ProgressSink {
        mutating func update(sent: Int, acknowledged: Int?, total: Int?) {}
    }

    private static func send(
        _ count: Int,
        _ configuration: Sender.Configuration,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) -> (summary: SendSummary, failure: ProducerError?) {
        var sender = Sender(configuration, progress: NoProgress(), interrupted: interrupted)
        var source = GeneratedEvents(GeneratedEvents.Configuration(count: count))
        return sender.run(&source)
    }

    private static func check(_ payloads: [[UInt8]]) -> GeneratedReport {
        var check = GeneratedCheck()
        for payload in payloads {
            for line in payload.split(separator: 0x0a) { check.add(line) }
        }
        return check.report()
    }

    private static func committed(_ payload: [UInt8]) -> String {
        let events = payload.split(separator: 0x0a).count
        return #"{"status":"committed","events":\#(events),"quarantined":[]}"#
    }

    private static func dealer(_ collector: Collector) throws -> Sender.Configuration {
        var configuration = Sender.Configuration(
            pattern: .dealer,
            endpoint: try collector.endpoint()
        )
        configuration.retryAfter = .milliseconds(100)
        configuration.window = 8
        configuration.batch = 3
        return configuration
    }

    @Test(arguments: [1, 7]) func pushesEverything(batch: Int) throws {
        let collector = try Collector(.pull)
        defer { collector.stop() }
        var configuration = Sender.Configuration(pattern: .push, endpoint: try collector.endpoint())
        configuration.batch = batch
        let (summary, failure) = Self.send(5000, configuration)
        #expect(failure == nil && summary.sent == 5000)
        try collector.waitForPayloads((5000 + batch - 1) / batch)
        let report = Self.check(collector.payloads)
        #expect(report.isWhole && report.isInOrder && report.totals.seen == 5000)
    }

    @Test func publishesToSubscribers() throws {
        let collector = try Collector(.sub)
        defer { collector.stop() }
        var configuration = Sender.Configuration(pattern: .pub, endpoint: try collector.endpoint())
        configuration.topic = "shop"
        let (summary, failure) = Self.send(2000, configuration)
        #expect(failure == nil && summary.sent == 2000)
        try collector.waitForPayloads(2000)
        #expect(Self.check(collector.payloads).isWhole)
    }

    @Test func dealerEndsWhenEverythingIsAcknowledged() throws {
        let collector = try Collector(.router) { _, payload in Self.committed(payload) }
        defer { collector.stop() }
        let (summary, failure) = Self.send(1000, try Self.dealer(collector))
        #expect(failure == nil)
        #expect(summary.sent == 1000 && summary.acknowledged == 1000 && summary.unanswered == 0)
        #expect(Self.check(collector.payloads).totals.seen == 1000)
    }

    @Test func dealerSendsAgainWhatIsNotAnswered() throws {
        let collector = try Collector(.router) { index, payload in
            index % 5 == 2 ? nil : Self.committed(payload)
        }
        defer { collector.stop() }
        let (summary, failure) = Self.send(300, try Self.dealer(collector))
        #expect(failure == nil)
        #expect(summary.acknowledged == 300 && summary.retried > 0)
        let payloads = collector.payloads
        #expect(payloads.count >= 100 + summary.retried)
        // Resent messages are identical, byte for byte.
        #expect(Set(payloads).count == 100)
    }

    @Test func dealerTriesLaterWhenUnavailable() throws {
        let collector = try Collector(.router) { index, payload in
            index < 4 ? #"{"status":"unavailable","reason":"draining"}"# : Self.committed(payload)
        }
        defer { collector.stop() }
        let (summary, failure) = Self.send(30, try Self.dealer(collector))
        #expect(failure == nil && summary.acknowledged == 30 && summary.retried >= 4)
    }

    @Test func dealerCountsWhatIsRejectedAndQuarantined() throws {
        let collector = try Collector(.router) { index, payload in
            switch index {
            case 0: #"{"status":"rejected","reason":"too_large"}"#
            case 1:
                #"{"status":"committed","events":2,"quarantined":[{"index":1,"reason":"x"}]}"#
            default: Self.committed(payload)
            }
        }
        defer { collector.stop() }
        let log = "/tmp/touchpoint-acknowledged-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        var configuration = try Self.dealer(collector)
        configuration.window = 1
        configuration.acknowledgedLog = log
        let (summary, failure) = Self.send(9, configuration)
        #expect(failure == nil)
        #expect(summary.acknowledged == 5 && summary.rejected == 3 && summary.quarantined == 1)
        let ids = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(ids.map { $0.split(separator: "-").last } == ["4", "6", "7", "8", "9"])
    }

    private static func send(
        lines: [String],
        _ configuration: Sender.Configuration
    ) throws -> (summary: SendSummary, failure: ProducerError?) {
        let path = "/tmp/touchpoint-lines-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        var sender = Sender(configuration, progress: NoProgress(), interrupted: { false })
        var source = FileSource(paths: [path])
        return sender.run(&source)
    }

    @Test func namesTheLinesThatTheCollectorDidNotAccept() throws {
        let collector = try Collector(.router) { index, payload in
            switch index {
            case 0:
                #"{"status":"committed","events":2,"quarantined":[{"index":1,"offset":8,"#
                    + #""reason":"invalid_json","detail":"a letter at byte 9"}]}"#
            case 1: #"{"status":"rejected","reason":"too_large"}"#
            default: Self.committed(payload)
            }
        }
        defer { collector.stop() }
        var configuration = try Self.dealer(collector)
        configuration.window = 1
        let lines = ["{\"a\":1}", "", "{bad}", "{\"a\":2}"] + (4..<9).map { "{\"a\":\($0)}" }
        let (summary, failure) = try Self.send(lines: lines, configuration)
        #expect(failure == nil && summary.sent == 8 && summary.failed == 4)
        #expect(summary.findings.map(\.line) == [3, 5])
        #expect(summary.findings.map(\.verdict) == [.quarantined, .rejected])
        let text = try #require(summary.findings.first?.description)
        #expect(text.hasSuffix(" line 3: quarantined: invalid_json (a letter at byte 9)"))
    }

    /// A message answered `committed` is never resent, whatever else the answer contains.
    @Test func countsPiecesThatAreNotListed() throws {
        let pieces = (0..<3).map { #"{"index":\#($0),"offset":\#($0 * 4),"reason":"x"}"# }
        for rest in [[#"{"more":27}"#], []] {
            let list = (pieces + rest).joined(separator: ",")
            let collector = try Collector(.router) { _, _ in
                #"{"status":"committed","events":0,"quarantined":[\#(list)]}"#
            }
            defer { collector.stop() }
            var configuration = try Self.dealer(collector)
            configuration.batch = 30
            let (summary, failure) = try Self.send(
                lines: Array(repeating: "{x}", count: 30),
                configuration
            )
            #expect(failure == nil && collector.payloads.count == 1)
            #expect(summary.quarantined == 30 && summary.acknowledged == 0 && summary.retried == 0)
            #expect(summary.findings.map(\.line) == [1, 2, 3])
        }
    }

    @Test(arguments: [Sender.Configuration.Pattern.push, .dealer])
    func beginsANewMessageBeforeOneIsTooLong(pattern: Sender.Configuration.Pattern) throws {
        let collector = try Collector(pattern == .push ? .pull : .router) { _, payload in
            Self.committed(payload)
        }
        defer { collector.stop() }
        var configuration = Sender.Configuration(
            pattern: pattern,
            endpoint: try collector.endpoint()
        )
        configuration.batch = 100
        configuration.messageBytesMax = 40
        let event = #"{"n":"0123456789"}"#
        let long = #"{"n":"\#(String(repeating: "x", count: 40))"}"#
        let (summary, failure) = try Self.send(
            lines: [event, event, event, long, event],
            configuration
        )
        #expect(failure == nil && summary.sent == 4 && summary.refused == 1)
        #expect(summary.findings.map(\.line) == [4])
        #expect(summary.findings.first?.reason == "too_large")
        try collector.waitForPayloads(2)
        #expect(collector.payloads.map(\.count) == [37, 37])
    }

    @Test func sendsWhatStandsBeforeTheFailureOfAFile() throws {
        let collector = try Collector(.router) { _, payload in Self.committed(payload) }
        defer { collector.stop() }
        let path = "/tmp/touchpoint-lines-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "{}\n{}".write(toFile: path, atomically: true, encoding: .utf8)
        var sender = Sender(
            try Self.dealer(collector),
            progress: NoProgress(),
            interrupted: { false }
        )
        var source = FileSource(paths: [path, "/no/such/file"])
        let (summary, failure) = sender.run(&source)
        #expect(failure?.exitCode == 74 && summary.acknowledged == 2 && summary.unanswered == 0)
    }

    @Test func pushSaysThatTheConnectionBroke() throws {
        let collector = try Collector(.pull, messageBytesMax: 100)
        defer { collector.stop() }
        var configuration = Sender.Configuration(pattern: .push, endpoint: try collector.endpoint())
        configuration.eventsPerSecond = 10
        let (_, failure) = Self.send(10, configuration)
        guard case .brokenOff(_, let times, let longest) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(times > 0 && longest > 100 && failure?.exitCode == 69)
        #expect(collector.payloads.isEmpty)
    }

    @Test func dealerGivesUpWhenNothingGoesOn() throws {
        let collector = try Collector(.router)
        defer { collector.stop() }
        var configuration = try Self.dealer(collector)
        configuration.timeout = .milliseconds(400)
        let (summary, failure) = Self.send(300, configuration)
        #expect(failure?.exitCode == 69)
        #expect(summary.sent == 24 && summary.unanswered == 24 && summary.acknowledged == 0)
    }

    @Test(arguments: [Sender.Configuration.Pattern.push, .dealer, .pub])
    func saysThatNobodyIsThere(pattern: Sender.Configuration.Pattern) {
        var configuration = Sender.Configuration(pattern: pattern, endpoint: "tcp://127.0.0.1:1")
        configuration.timeout = .milliseconds(200)
        let (summary, failure) = Self.send(1, configuration)
        #expect(failure == .unreachable(endpoint: "tcp://127.0.0.1:1", after: .milliseconds(200)))
        #expect(summary.sent == 0)
    }

    @Test func interruptionStopsSendingAndWaitsForTheWindow() throws {
        let collector = try Collector(.router) { _, payload in Self.committed(payload) }
        defer { collector.stop() }
        let configuration = try Self.dealer(collector)
        let (summary, failure) = Self.send(.max, configuration) { collector.payloads.count >= 20 }
        #expect(failure == nil && summary.interrupted)
        #expect(summary.sent >= 60 && summary.acknowledged == summary.sent)
    }

    @Test func keepsToTheRate() throws {
        let collector = try Collector(.pull)
        defer { collector.stop() }
        var configuration = Sender.Configuration(pattern: .push, endpoint: try collector.endpoint())
        configuration.eventsPerSecond = 200
        let (summary, failure) = Self.send(41, configuration)
        #expect(failure == nil && summary.seconds >= 0.2)
    }
}
