import Archive
import Disk
import Inspection
import SegmentSupport
import Storage
import TestSupport
import Testing

@testable import Pipeline

/// Messages that arrive when quarantine is full.
@Suite struct PipelineQuarantineTests {
    private static let putOff = #"{"status":"unavailable","reason":"quarantine_full"}"#
    private static let good = #"{"n":1}"#
    private static let bad = "{\"n\":\n"
    /// A bad piece between two good events, in one message.
    private static let mixed = #"[{"n":2},5,{"n":3}]"#

    /// A quarantine that has reached its limit.
    private func full(
        _ change: (inout PipelineSetup) -> Void = { _ in }
    ) throws
        -> PipelineRig
    {
        let rig = try PipelineRig(change)
        rig.pipeline.quarantine.measured(2 << 30, since: rig.pipeline.quarantine.growth)
        #expect(rig.pipeline.quarantine.isFull)
        return rig
    }

    private func free(_ rig: PipelineRig) {
        rig.pipeline.quarantine.measured(0, since: rig.pipeline.quarantine.growth)
    }

    @Test func routerMessagesWithRejectedPiecesArePutOffAndOthersAreNot() async throws {
        let rig = try full()
        let dealer = try rig.dealer()
        try dealer.send("good", Self.good)
        try dealer.send("bad", Self.bad)
        try dealer.send("mixed", Self.mixed)
        try dealer.send("gzip", try gzipped(Self.mixed))
        try dealer.send("torn", Array(try gzipped(Self.good).dropLast(4)))
        try dealer.send("fine", try gzipped(#"{"n":4}"#))
        try dealer.send("empty", " ")
        try await waitUntil("the answers") { try dealer.receive().count == 7 }
        for id in ["bad", "mixed", "gzip", "torn", "empty"] {
            #expect(dealer.answers[id] == Self.putOff, "\(id)")
        }
        #expect(dealer.committed == ["good", "fine"])
        #expect(rig.pipeline.quarantine.refused == 5)
        let ledger = rig.ledger("reliable")
        #expect(ledger.received == 2 && ledger.written == 2 && ledger.isBalanced)
        free(rig)
        try dealer.send("mixed", Self.mixed)
        try await waitUntil("the answer") {
            try dealer.receive()["mixed"]?.hasPrefix(#"{"status":"committed","events":2"#) == true
        }
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.eventTexts.sorted() == (1...4).map { #"{"n":\#($0)}"# })
        #expect(files.quarantined.count == 1)
        #expect(files.gaps("reliable") == [])
        #expect(files.report.findings == [])
    }

    @Test func pullCountsWhatItDropsAndFilesTheRest() async throws {
        let rig = try full()
        let pusher = try rig.pusher()
        try pusher.push(Self.mixed)
        try pusher.push(Self.bad)
        try pusher.push(Self.good)
        try await waitUntil("the ledger") {
            let ledger = rig.ledger("plain")
            #expect(ledger.isBalanced)
            return ledger.received == 5 && ledger.inFlight == 0
        }
        let ledger = rig.ledger("plain")
        #expect(ledger.written == 3 && ledger.dropped == 2 && ledger.quarantinedTotal == 0)
        #expect(rig.pipeline.ledgerMismatches == 0)
        free(rig)
        try pusher.push(Self.bad)
        try await waitUntil("quarantine") { rig.ledger("plain").quarantinedTotal == 1 }
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.eventTexts.count == 3 && files.quarantined.count == 1)
        #expect(files.gaps("plain") == [])
        #expect(files.report.findings == [])
    }

    @Test func fillsUpByWhatIsWrittenAndIsFreeAfterAReload() async throws {
        let rig = try PipelineRig { $0.tunables.quarantineBytesMax = 64 << 10 }
        let dealer = try rig.dealer()
        var sent = 0
        var seed = UInt64(1)
        while sent < 400, dealer.answers.values.allSatisfy({ $0 != Self.putOff }) {
            let noise = (0..<1_500).map { _ -> String in
                seed = seed &* 6_364_136_223_846_793_005 &+ 1
                return String(seed >> 40, radix: 36)
            }
            try dealer.send("\(sent)", "{" + noise.joined())
            sent += 1
            try await waitUntil("an answer") { try dealer.receive().count == sent }
        }
        #expect(rig.pipeline.quarantine.isFull)
        #expect(rig.pipeline.quarantine.bytes < 80 << 10)
        try dealer.send("good", Self.good)
        try await waitUntil("the event") { try dealer.receive()["good"] != nil }
        #expect(dealer.committed.contains("good"))
        rig.pipeline.tune(
            PipelineConfiguration.Tunables(freeBytesMin: 0, quarantineBytesMax: 1 << 20)
        )
        #expect(!rig.pipeline.quarantine.isFull)
        try dealer.send("bad", Self.bad)
        try await waitUntil("the answer") { try dealer.receive()["bad"] != nil }
        #expect(dealer.committed.contains("bad"))
        #expect(await rig.drain())
        #expect(try rig.files().report.findings == [])
    }

    @Test func aFullDiskOfItsOwnHoldsUpNoEvents() async throws {
        let rig = try PipelineRig()
        rig.disk.set { $0.otherDevice = SegmentFormat.quarantine }
        let dealer = try rig.dealer()
        let pusher = try rig.pusher()
        // Lines that were accepted before keep their room.
        try dealer.send("early", Self.bad)
        try await waitUntil("the answer") { try dealer.receive().count == 1 }
        rig.disk.set { $0.hasNoRoomFor = "quarantine/" }
        try dealer.send("also", Self.bad)
        // Of another kind, without an open segment: aborted in the middle, so nobody is answered.
        try dealer.send("mixed", Self.mixed)
        try await waitUntil("quarantine to be full") { rig.pipeline.quarantine.isFull }
        #expect(rig.pipeline.quarantine.why?.contains("No space left on device") == true)
        try pusher.push(Self.mixed)
        try dealer.send("again", Self.mixed)
        try dealer.send("good", Self.good)
        try await waitUntil("the answers") { try dealer.receive().count == 4 }
        #expect(dealer.committed == ["early", "also", "good"])
        #expect(dealer.answers["again"] == Self.putOff)
        #expect(rig.pipeline.blockedReason == nil)
        try await waitUntil("what was pushed") { rig.ledger("plain").dropped == 1 }
        rig.disk.set { $0.hasNoRoomFor = nil }
        let sweep = QuarantineSweep(
            fileSystem: rig.disk,
            manifest: ManifestLog(
                fileSystem: rig.disk,
                folders: DurableFolders(fileSystem: rig.disk),
                node: "t1"
            ),
            node: "t1",
            quota: rig.pipeline.quarantine
        )
        sweep.tryDisk()
        #expect(!rig.pipeline.quarantine.isFull)
        try dealer.send("mixed", Self.mixed)
        try await waitUntil("the answer") { try dealer.receive()["mixed"] != nil }
        #expect(dealer.committed.contains("mixed"))
        #expect(await rig.drain())
        for source in ["plain", "reliable"] { #expect(rig.ledger(source).isBalanced) }
        let files = try rig.files()
        #expect(files.quarantined.count == 3)
        #expect(files.gaps("reliable") == [] && files.gaps("plain") == [])
        #expect(files.report.findings == [])
    }

    /// Events would wait for that disk too; nothing is refused or dropped meanwhile.
    @Test func aFullDiskThatIsSharedIsWaitedFor() async throws {
        let rig = try PipelineRig()
        let pusher = try rig.pusher()
        rig.disk.set { $0.hasNoRoomFor = "quarantine/" }
        try pusher.push(Self.mixed)
        try await waitUntil("storage to be blocked") { rig.pipeline.blockedReason != nil }
        #expect(!rig.pipeline.quarantine.isFull)
        rig.disk.set { $0.hasNoRoomFor = nil }
        try await waitUntil("the piece") { rig.ledger("plain").quarantinedTotal == 1 }
        #expect(rig.ledger("plain").dropped == 0)
        rig.pipeline.watchSpace()
        #expect(await rig.drain())
    }
}
