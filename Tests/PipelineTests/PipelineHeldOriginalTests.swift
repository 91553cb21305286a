import Dedup
import Disk
import Glibc
import Intake
import SegmentSupport
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// A race: a copy reaches another writer while its original's commit is under way.
@Suite struct PipelineHeldOriginalTests {
    private typealias Dedup = PipelineDedupTests

    /// A rig in which writer 0 holds the original of `x` in a commit that the disk does not finish,
    /// and writer 1 holds a copy of it in a commit that is durable.
    ///
    /// `behindAnother`: the held commit is an earlier one; the original waits for the next.
    private func held(
        behindAnother: Bool = false
    ) async throws -> (PipelineRig, PipelineDealer) {
        let rig = try PipelineRig {
            Dedup.configure(&$0)
            $0.writers = 2
            $0.ringBytes = 64 << 10
        }
        let dealer = try rig.dealer()
        rig.disk.set { $0.holdsSyncsOf = "part-t1-0-" }
        let ids = behindAnother ? ["another", "x"] : ["x"]
        for id in ids {
            try dealer.send(id, Dedup.event(id))
            try await waitUntil("the first one's sync") { rig.disk.counts.syncsHeld == 1 }
        }
        // Writer 0 is blocked, its ring fills to more than half, and messages go to writer 1.
        rig.disk.set { $0.holdsOpensOf = "channel=stuck" }
        try dealer.send("stuck", Dedup.event("stuck", channel: "stuck"))
        try await waitUntil("writer 0 to stand still") { rig.disk.counts.opensHeld == 1 }
        let filler = #","f":"\#(String(repeating: "x", count: 12_000))""#
        for number in 0..<4 {
            try dealer.send("filler \(number)", Dedup.event("f\(number)", channel: "a", filler))
            try await waitUntil("filler \(number) to be received") {
                rig.pipeline.places.shared[0].messages.load(ordering: .relaxed)
                    == ids.count + 2 + number
            }
        }
        try dealer.send("copy", Dedup.event("x"))
        try await waitUntil("the copy's answer to wait") { rig.pipeline.answersDeferred == 1 }
        return (rig, dealer)
    }

    private func release(_ rig: PipelineRig) {
        rig.disk.set { ($0.holdsSyncsOf, $0.holdsOpensOf) = (nil, nil) }
    }

    /// Lets the disk continue with a fault that blocks it, and leaves.
    private func leave(
        _ rig: PipelineRig,
        after fault: (FaultyDisk) -> Void
    ) async throws {
        fault(rig.disk)
        release(rig)
        try await waitUntil("storage to be blocked") { rig.pipeline.blockedReason != nil }
        await rig.pipeline.leave()
    }

    @Test func aCopyIsAnsweredWhenItsOriginalIsDurable() async throws {
        let (rig, dealer) = try await held()
        #expect(rig.ledger("reliable").duplicate == 1)
        // Writer 1 continues meanwhile, and sends its other answers.
        try dealer.send("other", Dedup.event("other"))
        try await waitUntil("another answer of writer 1") { try dealer.receive()["other"] != nil }
        #expect(Set(dealer.answers.keys).isDisjoint(with: ["x", "stuck", "copy"]))
        #expect(rig.pipeline.answersDeferred == 1)
        release(rig)
        try await waitUntil("all answers") { try dealer.receive().count == 8 }
        #expect(dealer.committed.count == 8)
        #expect(dealer.answers["copy"]?.contains(#""duplicates":1"#) == true)
        #expect(rig.pipeline.answersDeferred == 0)
        #expect(await rig.drain())
        #expect(try rig.files().eventTexts.count { $0 == Dedup.event("x") } == 1)
    }

    /// Whether the copy is answered while the original is not durable, and the event is missing
    /// after a power cut.
    private func isLost(claimingDurable: Bool) async throws -> Bool {
        let (rig, dealer) = try await held()
        if claimingDurable {
            rig.pipeline.writers[0].setDurable(1)
            try await waitUntil("the copy's answer") { try dealer.receive()["copy"] != nil }
        }
        let answered = try dealer.receive()["copy"] != nil
        try rig.disk.cutPower()
        rig.disk.fail(.datasync, code: EIO, times: 1_000)
        release(rig)
        await rig.pipeline.leave()
        _ = try rig.recover()
        return try answered && !rig.files().eventTexts.contains(Dedup.event("x"))
    }

    @Test func noAnswerClaimsWhatAPowerCutTakes() async throws {
        #expect(try await !isLost(claimingDurable: false))
    }

    /// A check of the test above: if the original counts as durable too early, it is lost.
    @Test func wouldNoticeAnAnswerThatDoesNotWait() async throws {
        #expect(try await isLost(claimingDurable: true))
    }

    /// The original's commit fails for good: the copy is never answered, and nothing hangs.
    @Test func aCopyOfWhatNeverBecomesDurableIsNeverAnswered() async throws {
        let (rig, dealer) = try await held()
        try await leave(rig) {
            $0.fail(.datasync, code: EIO, times: 1_000)
        }
        #expect(try dealer.receive()["copy"] == nil)
        #expect(rig.ledger("reliable").isBalanced)
    }

    /// The original's writer leaves, for lack of room, before the original's commit has begun.
    @Test func aCopyOfWhatItsWriterLeavesBehindIsNeverAnswered() async throws {
        let (rig, dealer) = try await held(behindAnother: true)
        try await leave(rig) { disk in disk.set { $0.openMax = 0 } }
        #expect(try dealer.receive()["copy"] == nil)
        #expect(dealer.committed.contains("another"))
        try rig.disk.cutPower()
        rig.disk.set { $0.openMax = .max }
        _ = try rig.recover()
        #expect(try !rig.files().eventTexts.contains(Dedup.event("x")))
    }
}
