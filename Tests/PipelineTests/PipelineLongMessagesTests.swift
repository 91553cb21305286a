import Foundation
import Inspection
import SegmentSupport
import TestSupport
import Testing

@testable import Pipeline

/// Messages of many events, of many partitions, or with a high compression ratio.
@Suite struct PipelineLongMessagesTests {
    /// `padding`: bytes of text in each event.
    private static func events(_ count: Int, padding: Int = 0) -> [String] {
        let text = String(repeating: "x", count: padding)
        return (0..<count).map { #"{"channel":"c\#($0)","n":\#($0),"text":"\#(text)"}"# }
    }

    private static func rig(openMax: Int = 4) throws -> PipelineRig {
        try PipelineRig {
            $0.ringBytes = 16 << 20
            $0.openMax = openMax
            $0.valuesMax = 10_000
        }
    }

    /// A writer is blocked in the middle of a message, before the partition of its 250th event.
    @Test func commitsDoNotWaitForTheEndOfAMessage() async throws {
        let rig = try Self.rig()
        rig.disk.set { $0.holdsOpensOf = "channel=c250" }
        let dealer = try rig.dealer()
        // Lines too long to be held: each opens its file at once.
        let events = Self.events(300, padding: 10_000)
        try dealer.send("q", events.joined(separator: "\n"))
        try await waitUntil("the writer to stand still", seconds: 120) {
            rig.disk.counts.opensHeld > 0
        }
        try await waitUntil("commits of what was filed before", seconds: 120) {
            rig.ledger("reliable").written > 100
        }
        #expect(try dealer.receive().isEmpty, "the message has events that are not durable")
        rig.disk.set { $0.holdsOpensOf = nil }
        try await waitUntil("the answer", seconds: 120) { try dealer.receive().count == 1 }
        #expect(dealer.answers["q"] == #"{"status":"committed","events":300,"quarantined":[]}"#)
        #expect(rig.ledger("reliable").written == 300 && rig.ledger("reliable").isBalanced)
        #expect(await rig.drain())
        #expect(try rig.files().eventTexts.sorted() == events.sorted())
    }

    @Test func commandsAndHeartbeatsAreServedWithinAMessage() async throws {
        let rig = try Self.rig()
        // Some hundred files, each with its own syncs, take a while.
        rig.disk.set { $0.holdsSyncsOf = "" }
        let dealer = try rig.dealer()
        try dealer.send("q", Self.events(300).joined(separator: "\n"))
        try await waitUntil("the writer to wait for its committer", seconds: 120) {
            rig.disk.counts.syncsHeld > 0 && rig.pipeline.snapshot().openSegments > 0
        }
        let beats = rig.pipeline.beats[2]
        try await waitUntil("the writer's heartbeat", seconds: 30) {
            rig.pipeline.beats[2] > beats + 3
        }
        #expect(try await rig.pipeline.openSegments().count <= 4)
        rig.disk.set { $0.holdsSyncsOf = nil }
        #expect(try await rig.pipeline.flush().events > 0)
        try await waitUntil("the answer", seconds: 120) { try dealer.receive().count == 1 }
        #expect(await rig.drain())
    }

    /// The filed part of the message is durable, no answer was sent, and its client resends it.
    @Test func aWriterLeavesInTheMiddleOfAMessage() async throws {
        let rig = try Self.rig()
        rig.disk.set { $0.holdsSyncsOf = "" }
        let dealer = try rig.dealer()
        let events = Self.events(1_000)
        try dealer.send("q", events.joined(separator: "\n"))
        try await waitUntil("a commit", seconds: 120) { rig.disk.counts.syncsHeld > 0 }
        rig.pipeline.hurry()
        rig.disk.set { $0.holdsSyncsOf = nil }
        #expect(await rig.pipeline.drain(deadline: PipelineClock.deadline(seconds: 120)) == false)
        #expect(try dealer.receive().isEmpty)
        _ = try rig.recover()
        let files = try rig.files()
        #expect(files.report.findingsTotal == 0, "\(files.report.findings)")
        #expect(files.events.count < events.count && Set(files.eventTexts).isSubset(of: events))
    }

    @Test func afterAHundredRejectedPiecesTheRestIsOne() async throws {
        let rig = try Self.rig()
        let dealer = try rig.dealer()
        let good = (0..<150).map { #"{"n":\#($0)}"# }
        let lines = good.flatMap { [$0, "bad \($0.utf8.count)"] }
        try dealer.send("q", lines.joined(separator: "\n"))
        try await waitUntil("the answer") { try dealer.receive().count == 1 }
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.eventTexts.sorted() == good.prefix(101).sorted())
        #expect(files.quarantined.count == 101)
        let rest = try #require(files.quarantined.max { $0.sequence < $1.sequence })
        #expect(rest.event.contains(#""payload":"bad 9\n{\"n\":101}\nbad"#))
        #expect(rig.ledger("reliable").isBalanced)
    }

    /// Some hundred bytes with thousands of pieces cost one line.
    @Test func aSmallMessageHasFewPieces() async throws {
        let rig = try Self.rig()
        let dealer = try rig.dealer()
        let payload = try gzipped(String(repeating: "1\n", count: 30_000))
        try dealer.send("q", payload)
        try await waitUntil("the answer") { try dealer.receive().count == 1 }
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(rig.ledger("reliable").received == 1)
        let line = try #require(files.quarantined.first)
        #expect(line.path.contains("reason=too_many_events"))
        #expect(line.event.contains(Data(payload).base64EncodedString()))
        #expect(line.event.utf8.count < payload.count * 4 / 3 + 400)
    }

    @Test func whatInflatesTooFarIsKeptAsItCame() async throws {
        let rig = try Self.rig()
        let dealer = try rig.dealer()
        let payload = try gzipped(String(repeating: "\n", count: 4 << 20))
        #expect((65_536 + payload.count * 100) < 4 << 20)
        try dealer.send("q", payload)
        try await waitUntil("the answer") { try dealer.receive().count == 1 }
        #expect(dealer.answers["q"]?.contains("too_large") == true)
        #expect(await rig.drain())
        let line = try #require(try rig.files().quarantined.first)
        #expect(line.event.contains(Data(payload).base64EncodedString()))
    }

    /// Large bad pieces of a small message: the message is stored once, and no good event is lost.
    @Test func aCompressedMessageIsKeptOnce() async throws {
        let rig = try Self.rig()
        let dealer = try rig.dealer()
        let blanks = String(repeating: " ", count: 1_000)
        let lines = (0..<60).flatMap { [#"{"n":\#($0)}"#, "{bad\(blanks)\($0)"] }
        let payload = try gzipped(lines.joined(separator: "\n"))
        try dealer.send("q", payload)
        try await waitUntil("the answer") { try dealer.receive().count == 1 }
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.events.count == 60 && files.quarantined.count == 60)
        let first = try #require(files.quarantined.min { $0.sequence < $1.sequence })
        let kept = files.quarantined.filter { $0.event.contains(#""encoding":"gzip+base64""#) }
        #expect(kept.map(\.sequence) == [first.sequence])
        #expect(first.event.contains(Data(payload).base64EncodedString()))
        #expect(
            files.quarantined.allSatisfy {
                $0.event.contains(#""message":{"seq":\#(first.sequence),"offset":"#)
            }
        )
        let bytes = files.quarantined.reduce(0) { $0 + $1.event.utf8.count }
        #expect(bytes < 60 * 400 + payload.count * 4 / 3)
    }
}
