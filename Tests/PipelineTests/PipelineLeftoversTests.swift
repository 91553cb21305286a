import Archive
import Dedup
import Events
import Intake
import SegmentSupport
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// Duplicates of an earlier run's open events: known at once, answered once they are durable.
@Suite struct PipelineLeftoversTests {
    private typealias Dedup = PipelineDedupTests

    /// A rig that knows `e1`, `e2` and `e3` from three open segments.
    private func rig() throws -> PipelineRig {
        let folder = try TestSupport.TemporaryFolder(prefix: "touchpoint-pipeline")
        let disk = try FaultyDisk(directory: folder.path)
        let rig = try PipelineRig(folder: folder, disk: disk, opensIntake: false) {
            Dedup.configure(&$0)
            $0.writers = 2
        }
        rig.pipeline.expectLeftovers(3)
        for number in 1...3 {
            let id = Array("e\(number)".utf8)
            id.withUnsafeBytes { id in
                let known = KnownIdentity(
                    source: 0,
                    seconds: UInt32(PipelineClock.wallMicroseconds / 1_000_000),
                    identity: PackedIdentity(id),
                    content: 0
                )
                rig.pipeline.remember(known, leftover: number)
            }
        }
        return rig
    }

    @Test func aRepetitionIsAnsweredWhenItsSegmentIsDurable() async throws {
        let rig = try rig()
        let dealer = try rig.dealer()
        try dealer.send("early", Dedup.event("e1"))
        rig.pipeline.openIntake()
        for number in 2...3 { try dealer.send("copy \(number)", Dedup.event("e\(number)")) }
        // A new event waits for nothing.
        try await Dedup.ask(dealer, "new", payload: Dedup.event("new"))
        try await waitUntil("three answers to wait") { rig.pipeline.answersDeferred == 3 }
        #expect(Set(try dealer.receive().keys) == ["new"])
        rig.pipeline.settleLeftovers(upTo: 2)
        try await waitUntil("the answers to the first two") { try dealer.receive().count == 3 }
        #expect(dealer.answers["copy 2"]?.contains(#""duplicates":1"#) == true)
        #expect(rig.pipeline.answersDeferred == 1 && dealer.answers["copy 3"] == nil)
        rig.pipeline.settleLeftovers(upTo: 3)
        try await waitUntil("the last answer") { try dealer.receive().count == 4 }
        // A durable event needs no waiting.
        try await Dedup.ask(dealer, "again", payload: Dedup.event("e3"))
        #expect(await rig.drain())
        #expect(try rig.files().eventTexts == [Dedup.event("new")])
        #expect(rig.ledger("reliable").duplicate == 4)
    }

    /// A client without an answer asks again, at the next start.
    @Test func aDrainWaitsForNoSegmentThatIsNotDurable() async throws {
        let rig = try rig()
        rig.pipeline.openIntake()
        let dealer = try rig.dealer()
        try dealer.send("copy", Dedup.event("e2"))
        try await waitUntil("the answer to wait") { rig.pipeline.answersDeferred == 1 }
        rig.pipeline.settleLeftovers(upTo: 1)
        #expect(await rig.drain())
        #expect(try dealer.receive()["copy"]?.contains("committed") != true)
        let dropped = rig.pipeline.places.shared[0].acknowledgementsDropped.load(ordering: .relaxed)
        #expect(dropped == 1)
    }
}
