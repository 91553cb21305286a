import Disk
import Events
import Inspection
import Intake
import SegmentSupport
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
        // In one message: intake may stop after the first, and the rest would wait for the reserve.
        try dealer.send("q", (1...20).map { #"{"n":\#($0)}"# }.joined(separator: "\n"))
        try await waitUntil("storage to be blocked") { rig.pipeline.blockedReason != nil }
        #expect(rig.pipeline.blockedReason?.contains("No space left on device") == true)
        try await waitUntil("several refusals") { rig.disk.counts.refusals >= 3 }
        #expect(try dealer.receive().count == 1)
        await #expect(throws: PipelineError.self) { try await rig.pipeline.flush() }
        let beats = rig.pipeline.beats
        try await waitUntil("every thread to go on beating") {
            zip(rig.pipeline.beats, beats).allSatisfy { $0 > $1 }
        }
        rig.disk.set { $0.isFull = false }
        try await waitUntil("the second answer") { try dealer.receive().count == 2 }
        #expect(dealer.committed.count == 2)
        // The reserve was released, and is allocated again by the check once a second.
        #expect(rig.pipeline.blockedReason?.contains("reserve") == true)
        rig.pipeline.watchSpace()
        try await waitUntil("intake to go on") { rig.pipeline.blockedReason == nil }
        #expect(rig.pipeline.places.shared.allSatisfy { !$0.requests.contains(.blocked) })
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

    @Test func freeSpaceIsLookedAtWithEachMebibyte() async throws {
        let rig = try PipelineRig { configuration in
            configuration.ringBytes = 64 << 20
            configuration.limits.eventBytesMax = 4 << 20
            configuration.tunables.freeBytesMin = 10 << 20
        }
        rig.disk.set {
            $0.availableBytes = 20 << 20
            $0.shrinks = true
        }
        let pusher = try rig.pusher()
        var seed = UInt64(7)
        // Incompressible: 64 MiB, of which 10 may be written. There is no check once a second here.
        for _ in 0..<64 {
            let noise = (0..<(1 << 17)).map { _ -> String in
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return String(seed >> 16, radix: 36)
            }
            guard try pusher.push(#"{"n":""# + noise.joined().prefix(1 << 20) + #""}"#, wait: false)
            else { break }
        }
        try await waitUntil("intake to stop") { rig.pipeline.blockedReason != nil }
        try await waitUntil("the writer to rest") { rig.ledger("plain").inFlight == 0 }
        let left = try rig.disk.space().availableBytes
        #expect(left < 10 << 20 && left > 7 << 20, "\(left) bytes are left")
        rig.disk.set { $0.availableBytes = 1 << 30 }
        rig.pipeline.watchSpace()
        #expect(await rig.drain())
        #expect(rig.ledger("plain").isBalanced)
    }

    @Test func aMessageOfManyPartitionsNeedsFewDescriptors() async throws {
        let rig = try PipelineRig {
            $0.openMax = 4
            $0.sealsMax = 64
            $0.valuesMax = 1_000
        }
        rig.disk.set { $0.openMax = 150 }
        let dealer = try rig.dealer()
        let events = (0..<500).map { #"{"n":\#($0),"channel":"c\#($0)"}"# }
        try dealer.send("q", events.joined(separator: "\n"))
        try await waitUntil("the answer", seconds: 60) { try dealer.receive().count == 1 }
        #expect(dealer.answers["q"]?.contains(#""events":500"#) == true)
        #expect(rig.disk.counts.refusals == 0)
        #expect(rig.disk.counts.openedMost < 100)
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
