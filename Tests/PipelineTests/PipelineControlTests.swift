import Archive
import Inspection
import Intake
import SegmentSupport
import Storage
import TestSupport
import Testing
import ZeroMQSource

@testable import Pipeline

@Suite struct PipelineControlTests {
    /// A rig in which nothing is committed or sealed without a request.
    private func quietRig() throws -> PipelineRig {
        try PipelineRig { $0.tunables.commitInterval = .seconds(3_600) }
    }

    @Test func pausesOneSourceAndNotTheOther() async throws {
        let rig = try PipelineRig()
        let plain = try #require(rig.pipeline.source(named: "plain"))
        rig.pipeline.pause(source: plain)
        #expect(rig.pipeline.isPaused(source: plain))
        #expect(!rig.pipeline.isPaused(source: 0))
        let pusher = try rig.pusher()
        let dealer = try rig.dealer()
        let beats = rig.pipeline.beats[plain]
        try pusher.push(#"{"n":1}"#)
        try dealer.send("q", #"{"n":2}"#)
        try await waitUntil("the answer") { try dealer.receive().count == 1 }
        try await waitUntil("the paused receiver to come round") {
            rig.pipeline.beats[plain] > beats + 3
        }
        #expect(rig.ledger("plain").received == 0)
        rig.pipeline.resume(source: plain)
        try await waitUntil("the pushed event") { rig.ledger("plain").written == 1 }
        rig.pipeline.pause()
        #expect(rig.pipeline.isPaused(source: 0) && rig.pipeline.isPaused(source: plain))
        rig.pipeline.resume()
        #expect(!rig.pipeline.isPaused(source: 0) && !rig.pipeline.isPaused(source: plain))
        #expect(rig.pipeline.source(named: "nobody") == nil)
        #expect(await rig.drain())
    }

    @Test func flushCommitsWhatHasComeIn() async throws {
        let rig = try quietRig()
        let pusher = try rig.pusher()
        for number in 0..<50 { try pusher.push(#"{"n":\#(number)}"#) }
        try await waitUntil("50 events to come in") { rig.ledger("plain").received == 50 }
        #expect(rig.ledger("plain").written == 0)
        let outcome = try await rig.pipeline.flush()
        #expect(outcome.events == 50)
        #expect(outcome.sealed.isEmpty)
        #expect(rig.ledger("plain").written == 50)
        #expect(try await rig.pipeline.flush().events == 0)
        #expect(await rig.drain())
    }

    @Test func sealsWhatAPrefixNames() async throws {
        let rig = try quietRig()
        let pusher = try rig.pusher()
        try pusher.push(
            ["web", "app", "webshop"].map { #"{"channel":"\#($0)"}"# }.joined(separator: "\n")
        )
        try await waitUntil("3 events to come in") { rig.ledger("plain").received == 3 }
        let open = try await rig.pipeline.openSegments()
        #expect(open.count == 3)
        #expect(open.allSatisfy { $0.events == 1 && $0.path.hasSuffix(".open") })
        let one = try await rig.pipeline.seal(prefix: "events/channel=web/")
        #expect(one.sealed.map(\.events) == [1])
        #expect(one.sealed.first?.reason == .drain)
        #expect(rig.disk.exists(one.sealed[0].path))
        #expect(try await rig.pipeline.seal(prefix: "events/channel=none").sealed.isEmpty)
        #expect(try await rig.pipeline.seal(prefix: nil).sealed.count == 2)
        #expect(try await rig.pipeline.openSegments().isEmpty)
        #expect(try rig.files().report.findingsTotal == 0)
        #expect(await rig.drain())
    }

    @Test func tuningCountsAtOnce() async throws {
        let rig = try quietRig()
        let pusher = try rig.pusher()
        try pusher.push(#"{"n":1}"#)
        try await waitUntil("the event to come in") { rig.ledger("plain").received == 1 }
        rig.pipeline.tune(
            PipelineConfiguration.Tunables(
                commitInterval: .milliseconds(1),
                segmentIdleMax: .milliseconds(1),
                freeBytesMin: 0
            )
        )
        try await waitUntil("the commit") { rig.ledger("plain").written == 1 }
        try await waitUntil("the idle segment to be sealed") { try rig.files().sealed.count == 1 }
        #expect(await rig.drain())
    }

    @Test func saysThatItHasEnded() async throws {
        let rig = try PipelineRig()
        #expect(await rig.drain())
        let start = ContinuousClock.now
        await #expect(throws: PipelineError.self) { try await rig.pipeline.flush() }
        await #expect(throws: PipelineError.self) { try await rig.pipeline.openSegments() }
        #expect(ContinuousClock.now - start < .seconds(4), "nobody is left to answer")
    }

    @Test func refusesAnEndpointThatIsTaken() throws {
        let rig = try PipelineRig()
        defer { Task { _ = await rig.drain() } }
        let taken = rig.endpoint("plain")
        #expect(throws: PipelineError.self) {
            try PipelineRig { $0.sources[1].bind = [taken] }
        }
    }
}
