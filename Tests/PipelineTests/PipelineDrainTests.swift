import Inspection
import Intake
import Recovery
import SegmentSupport
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite struct PipelineDrainTests {
    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    /// Sends until the pipeline ends, and receives answers; returns the answered ids, which are the
    /// events.
    private static func load(
        _ endpoint: String,
        name: String,
        until isOver: Flag
    ) async throws -> Set<String> {
        let dealer = try PipelineDealer(endpoint)
        var number = 0
        while !isOver.isSet.load(ordering: .relaxed) {
            if number - dealer.answers.count < 200 {
                try dealer.send("\(name)-\(number)", event("\(name)-\(number)"))
                number += 1
            } else {
                try await Task.sleep(for: .milliseconds(1))
            }
            try dealer.receive()
        }
        try dealer.receive()
        return dealer.committed
    }

    private static func event(_ id: String) -> String { #"{"id":"\#(id)"}"# }

    /// Runs a load, ends the pipeline during it, and returns the answered ids.
    private func answered(
        _ rig: PipelineRig,
        end: @escaping @Sendable () async -> Void
    ) async throws -> Set<String> {
        let isOver = Flag()
        let endpoint = rig.endpoint("reliable")
        return try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for name in ["a", "b"] {
                group.addTask { try await Self.load(endpoint, name: name, until: isOver) }
            }
            try await waitUntil("500 committed events") { rig.ledger("reliable").written >= 500 }
            await end()
            isOver.isSet.store(true, ordering: .relaxed)
            return try await group.reduce(into: []) { $0.formUnion($1) }
        }
    }

    @Test func drainsWhileProducersGoOn() async throws {
        let rig = try PipelineRig { $0.writers = 2 }
        let answered = try await answered(rig) {
            let isComplete = await rig.drain()
            #expect(isComplete)
        }
        let files = try rig.files()
        let found = Set(files.eventTexts)
        #expect(answered.count >= 100)
        #expect(answered.filter { !found.contains(Self.event($0)) }.isEmpty)
        #expect(found.count == files.events.count, "nothing was sent twice")
        #expect(files.open.isEmpty)
        #expect(files.report.findingsTotal == 0, "\(files.report.findings)")
        #expect(files.gaps("reliable").isEmpty)
        let ledger = rig.ledger("reliable")
        #expect(ledger.isBalanced && ledger.inFlight == 0)
        #expect(ledger.written == files.events.count)
        #expect(rig.disk.counts.violations.isEmpty)
    }

    /// While unanswered producers keep sending, the drain receives from them for a while; answered
    /// producers must not suffer from it.
    @Test func whoIsAnsweredIsHeardWhileOthersAreDrained() async throws {
        let rig = try PipelineRig()
        let dealer = try rig.dealer()
        let isOver = Flag()
        let endpoint = rig.endpoint("plain")
        let pushing = Task {
            let pusher = try PipelinePusher(endpoint)
            while !isOver.isSet.load(ordering: .relaxed) {
                try pusher.push(#"{"busy":1}"#, wait: false)
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        try await waitUntil("the others' load") { rig.ledger("plain").written > 20 }
        let drain = Task { await rig.drain() }
        let (router, pull) = (rig.pipeline.places.shared[0], rig.pipeline.places.shared[1])
        try await waitUntil("the drain to begin") { pull.requests.contains(.draining) }
        var during = 0
        while !router.requests.contains(.draining) {
            try dealer.send("\(during)", Self.event("\(during)"))
            // The last one may coincide with the end.
            try await waitUntil("an answer") {
                try dealer.receive()["\(during)"] != nil || router.requests.contains(.draining)
            }
            during += 1
        }
        let hasEnded = pull.intakeEnded.load(ordering: .acquiring)
        #expect(hasEnded, "the router ends last")
        #expect(await drain.value)
        isOver.isSet.store(true, ordering: .relaxed)
        try await pushing.value
        try dealer.receive()
        #expect(dealer.committed.count >= during - 1)
        let events = try rig.files().eventTexts
        #expect(dealer.committed.allSatisfy { events.contains(Self.event($0)) })
        #expect(rig.ledger("plain").isBalanced && rig.ledger("reliable").isBalanced)
    }

    @Test func leavingInTheMidstLosesNothingThatWasAnswered() async throws {
        let rig = try PipelineRig { $0.writers = 2 }
        let answered = try await answered(rig) { await rig.pipeline.leave() }
        #expect(rig.disk.counts.violations.isEmpty, "\(rig.disk.counts.violations)")
        #expect(rig.pipeline.blockedReason == nil)
        let report = try rig.recover()
        #expect(!report.hasDamage)
        let files = try rig.files()
        let found = Set(files.eventTexts)
        #expect(answered.count >= 100)
        #expect(answered.filter { !found.contains(Self.event($0)) }.isEmpty)
        #expect(found.count == files.events.count)
        #expect(files.open.isEmpty)
    }

    @Test func hurryingEndsADrainUnderWay() async throws {
        let rig = try PipelineRig()
        let dealer = try rig.dealer()
        rig.disk.set { $0.holdsSyncsOf = "" }
        try dealer.send("q", Self.event("q"))
        try await waitUntil("a sync to be under way") { rig.disk.counts.syncsHeld == 1 }
        let drain = Task { await rig.drain() }
        try await waitUntil("intake to end") {
            rig.pipeline.places.shared.allSatisfy { $0.intakeEnded.load(ordering: .acquiring) }
        }
        rig.pipeline.hurry()
        rig.disk.set { $0.holdsSyncsOf = nil }
        #expect(await drain.value == false)
        _ = try rig.recover()
        #expect(try rig.files().eventTexts == [Self.event("q")])
    }

    @Test func filesStayOpenUntilTheLastSync() async throws {
        let rig = try PipelineRig()
        let dealer = try rig.dealer()
        rig.disk.set { $0.holdsSyncsOf = "" }
        try dealer.send("1", Self.event("1"))
        try await waitUntil("a sync to be under way") { rig.disk.counts.syncsHeld == 1 }
        try dealer.send("2", Self.event("2"))
        try await waitUntil("both events") { rig.ledger("reliable").inFlight == 2 }
        let leaving = Task { await rig.pipeline.leave() }
        try await waitUntil("the last commit to be handed over") {
            rig.pipeline.writers[0].jobsUnderWay == 2
        }
        // A writer that closed its files now would do it within this time.
        let beats = rig.pipeline.beats[0]
        try await waitUntil("the receiver to come round") { rig.pipeline.beats[0] > beats }
        rig.disk.set { $0.holdsSyncsOf = nil }
        await leaving.value
        #expect(rig.disk.counts.violations.isEmpty, "\(rig.disk.counts.violations)")
        try await waitUntil("both answers") { try dealer.receive().count == 2 }
        #expect(rig.pipeline.blockedReason == nil)
    }
}
