import Inspection
import SegmentSupport
import TestSupport
import Testing

@testable import Pipeline

/// Short enough for ThreadSanitizer: `make tsan`.
@Suite struct PipelineStressTests {
    @Test func operatorsMeddleUnderLoad() async throws {
        let load = try PipelineLoad(PipelineLoad.Plan(messages: 300, eventsPerMessage: 5))
        let pipeline = load.rig.pipeline
        load.start()
        async let seen = load.watch()
        var rounds = 0
        while !load.isOver {
            pipeline.pause(source: rounds % 3)
            _ = try await pipeline.openSegments()
            pipeline.resume(source: rounds % 3)
            _ = try await pipeline.flush()
            if rounds % 4 == 0 { _ = try await pipeline.seal(prefix: "events/channel=c1/") }
            pipeline.tune(
                PipelineConfiguration.Tunables(
                    commitInterval: .milliseconds(1 + rounds % 30),
                    freeBytesMin: 0
                )
            )
            pipeline.watchSpace()
            _ = pipeline.beats
            rounds += 1
        }
        #expect(try await seen.wrong.isEmpty)
        #expect(load.problems.isEmpty, "\(load.problems)")
        #expect(rounds >= 1)
        #expect(await load.rig.drain())
        let files = try load.rig.files()
        #expect(Set(files.eventTexts) == load.expected.events)
        #expect(files.events.count == load.expected.events.count)
        #expect(files.quarantined.count == load.expected.quarantined)
        #expect(files.report.findingsTotal == 0, "\(files.report.findings.prefix(3))")
    }

    @Test func endsWhilePausedAndBlockedAndAsked() async throws {
        for round in 0..<4 {
            let rig = try PipelineRig { $0.writers = 2 }
            let pusher = try rig.pusher()
            for number in 0..<50 { try pusher.push(#"{"n":\#(number)}"#) }
            try await waitUntil("events") { rig.ledger("plain").received > 0 }
            async let asked: Void = {
                _ = try? await rig.pipeline.flush()
                _ = try? await rig.pipeline.openSegments()
            }()
            if round % 2 == 0 { rig.pipeline.pause() }
            if round < 2 {
                #expect(await rig.drain())
            } else {
                await rig.pipeline.leave()
            }
            await asked
            #expect(rig.ledger("plain").isBalanced)
            #expect(rig.disk.counts.violations.isEmpty)
        }
    }
}
