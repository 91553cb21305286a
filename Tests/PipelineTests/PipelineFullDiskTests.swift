import Intake
import Segments
import TestSupport
import Testing

@testable import Pipeline

@Suite struct PipelineFullDiskTests {
    @Test func waitsOnAFullDiskAndGoesOnByItself() async throws {
        let rig = try PipelineRig()
        let dealer = try rig.dealer()
        try dealer.send("first", #"{"n":0}"#)
        try await waitUntil("the first answer") { try dealer.receive().count == 1 }
        rig.disk.set { $0.isFull = true }
        // In one message: intake may stop behind the first, and the rest would wait for the reserve.
        try dealer.send("q", (1...20).map { #"{"n":\#($0)}"# }.joined(separator: "\n"))
        try await waitUntil("storage to be blocked") { rig.pipeline.blockedReason != nil }
        #expect(rig.pipeline.blockedReason?.contains("No space left on device") == true)
        try await waitUntil("several refusals") { rig.disk.refusals >= 3 }
        #expect(try dealer.receive().count == 1)
        await #expect(throws: PipelineError.self) { try await rig.pipeline.flush() }
        let beats = rig.pipeline.beats
        try await waitUntil("every thread to go on beating") {
            zip(rig.pipeline.beats, beats).allSatisfy { $0 > $1 }
        }
        rig.disk.set { $0.isFull = false }
        try await waitUntil("the second answer") { try dealer.receive().count == 2 }
        #expect(dealer.committed.count == 2)
        // The reserve was given away, and is taken back by the look that comes each second.
        #expect(rig.pipeline.blockedReason?.contains("reserve") == true)
        rig.pipeline.watchSpace()
        try await waitUntil("intake to go on") { rig.pipeline.blockedReason == nil }
        #expect(rig.pipeline.receivers.allSatisfy { !$0.requests.contains(.blocked) })
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.eventTexts.sorted() == (0...20).map { #"{"n":\#($0)}"# }.sorted())
        #expect(files.report.findingsTotal == 0, "\(files.report.findings)")
    }

    @Test func stopsIntakeBelowTheMinimumAndGoesOnAboveIt() async throws {
        let rig = try PipelineRig { $0.tunables.freeBytesMin = 100 << 20 }
        rig.pipeline.watchSpace()
        rig.disk.set { $0.availableBytes = 50 << 20 }
        rig.pipeline.watchSpace()
        #expect(
            rig.pipeline.blockedReason == "only 50 MiB free, storage.minimumFree is 100 MiB"
        )
        let dealer = try rig.dealer()
        try dealer.send("q", #"{"n":1}"#)
        let beats = rig.pipeline.beats[0]
        try await waitUntil("the receiver to come round") { rig.pipeline.beats[0] > beats + 2 }
        #expect(rig.ledger("reliable").received == 0)
        rig.pipeline.tune(PipelineConfiguration.Tunables(freeBytesMin: 10 << 20))
        rig.pipeline.watchSpace()
        #expect(rig.pipeline.blockedReason == nil)
        try await waitUntil("the answer") { try dealer.receive().count == 1 }
        #expect(await rig.drain())
    }

    @Test func aMessageOfManyPartitionsNeedsFewDescriptors() async throws {
        let rig = try PipelineRig {
            $0.openMax = 4
            $0.valuesMax = 1_000
        }
        rig.disk.set { $0.openMax = 150 }
        let dealer = try rig.dealer()
        let events = (0..<500).map { #"{"n":\#($0),"channel":"c\#($0)"}"# }
        try dealer.send("q", events.joined(separator: "\n"))
        try await waitUntil("the answer", seconds: 60) { try dealer.receive().count == 1 }
        #expect(dealer.answers["q"]?.contains(#""events":500"#) == true)
        #expect(rig.disk.refusals == 0)
        #expect(rig.disk.openHighWater < 100)
        #expect(rig.ledger("reliable").isBalanced)
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.eventTexts.sorted() == events.sorted())
        #expect(files.report.findingsTotal == 0)
    }

    @Test func aDrainWhoseDeadlinePassesLeavesEverythingForRecovery() async throws {
        let rig = try PipelineRig()
        let dealer = try rig.dealer()
        try dealer.send("kept", #"{"n":0}"#)
        try await waitUntil("the first answer") { try dealer.receive().count == 1 }
        rig.disk.set { $0.isFull = true }
        try dealer.send("late", #"{"n":1}"#)
        try await waitUntil("storage to be blocked") { rig.pipeline.blockedReason != nil }
        #expect(await rig.pipeline.drain(deadline: PipelineClock.deadline(seconds: 1)) == false)
        try dealer.receive()
        #expect(dealer.committed == ["kept"])
        _ = try rig.recover()
        let files = try rig.files()
        #expect(files.eventTexts.contains(#"{"n":0}"#))
        #expect(files.open.isEmpty)
        #expect(files.report.findingsTotal == 0, "\(files.report.findings)")
    }
}
