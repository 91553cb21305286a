import Inspection
import SegmentSupport
import TestSupport
import Testing

@testable import Pipeline

@Suite struct PipelineLoadTests {
    @Test func everythingArrivesOnceAndTheLedgerAddsUpAllTheWhile() async throws {
        let load = try PipelineLoad(PipelineLoad.Plan())
        load.start()
        let seen = try await load.watch()
        #expect(load.problems.isEmpty, "\(load.problems)")
        #expect(seen.looks >= 10, "the ledgers were hardly looked at")
        #expect(seen.wrong.isEmpty, "\(seen.wrong.prefix(3))")
        let rings = load.rig.pipeline.snapshot().rings
        #expect(rings.contains { $0.timesFull > 0 }, "the rings were never full: no load")
        #expect(await load.rig.drain())
        try check(load)
    }

    /// Bytes are held until they are durable: a long interval must not let them accumulate.
    @Test func muchIsCommittedBeforeALongIntervalIsOver() async throws {
        let rig = try PipelineRig { configuration in
            configuration.ringBytes = 16 << 20
            configuration.tunables.commitInterval = .seconds(3_600)
        }
        let pusher = try rig.pusher()
        // Six bits per character ("!" for the backslash), and so long that the window never holds
        // what an event repeats of the last.
        let noise = CompressionSample.random.bytes(count: 900_000)
            .map { $0 & 63 == 44 ? UInt8(ascii: "!") : UInt8(ascii: "0") + ($0 & 63) }
        let event = #"{"noise":"\#(String(decoding: noise, as: UTF8.self))"}"#
        let count = Int(CommitSchedule.commitBytesMax) / (noise.count * 6 / 8) + 2
        for _ in 0..<count { try pusher.push(event) }
        try await waitUntil("a commit of what has come") { rig.ledger("plain").written > 0 }
        #expect(await rig.drain())
        #expect(rig.ledger("plain").written == count)
    }

    private func check(_ load: PipelineLoad) throws {
        let files = try load.rig.files()
        let expected = load.expected
        #expect(files.events.count == expected.events.count)
        #expect(Set(files.eventTexts) == expected.events)
        #expect(files.quarantined.count == expected.quarantined)
        #expect(files.open.isEmpty)
        #expect(files.report.findingsTotal == 0, "\(files.report.findings.prefix(3))")
        for source in 0..<load.plan.sources {
            #expect(files.gaps("s\(source)").isEmpty)
            let ledger = load.rig.ledger("s\(source)")
            #expect(ledger.isBalanced && ledger.inFlight == 0)
            #expect(ledger.received == load.plan.messages * load.plan.eventsPerMessage)
        }
        let channels = load.rig.pipeline.snapshot().channels.counts
        #expect(channels.values.reduce(0, +) == expected.events.count)
        #expect(load.rig.disk.counts.violations.isEmpty)
    }
}
