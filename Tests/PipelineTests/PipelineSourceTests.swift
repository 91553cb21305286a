import Events
import Intake
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// A pipeline uses only those features of its sources that every kind of source has.
@Suite struct PipelineSourceTests {
    private func rig(isAnswered: Bool = true, ringBytes: Int = 1 << 20) throws -> PipelineRig {
        try PipelineRig {
            $0.sources = []
            $0.processes = [Self.profile(isAnswered)]
            $0.ringBytes = ringBytes
        }
    }

    private static func profile(_ isAnswered: Bool) -> SourceProfile {
        SourceProfile(name: "process", kind: "process", isAnswered: isAnswered)
    }

    private func event(_ number: Int, bytes: Int = 10) -> String {
        #"{"n":\#(number),"text":"\#(String(repeating: "x", count: bytes))"}"#
    }

    @Test func eventsAreCommittedAndAnswersAreValues() async throws {
        let rig = try rig()
        let source = rig.processes[0]
        source.send("good", event(1))
        source.send("mixed", event(2) + "\nnonsense\n" + event(3))
        try await waitUntil("two answers") { source.answers.count == 2 }
        #expect(source.answers["good"] == Answer(.committed, events: 1))
        let mixed = try #require(source.answers["mixed"])
        #expect(mixed.status == .committed && mixed.events == 2)
        #expect(mixed.refused.map(\.index) == [1])
        #expect(mixed.refused.map(\.reason) == ["invalid_json"])
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.events.count == 3 && files.quarantined.count == 1)
        #expect(rig.pipeline.snapshot().sources[0].messages == 2)
        #expect(source.isClosed)
    }

    @Test func fullRingsHoldTheSource() async throws {
        let rig = try rig(isAnswered: false, ringBytes: 16 << 10)
        let source = rig.processes[0]
        // One round takes more than a ring holds.
        for number in 0..<400 { source.send("", event(number, bytes: 2_000)) }
        try await waitUntil("all were taken in") { source.waitingCount == 0 }
        #expect(source.timesHeld > 0)
        #expect(await rig.drain())
        let events = try rig.files().events.map(\.event)
        #expect(events == (0..<400).map { event($0, bytes: 2_000) })
        let isStalled = source.shared.stalled.load(ordering: .relaxed)
        #expect(!isStalled)
    }

    @Test func aPausedSourceIsToldToTakeNothing() async throws {
        let rig = try rig()
        let source = rig.processes[0]
        rig.pipeline.pause(source: 0)
        source.send("later", event(1))
        try await Task.sleep(for: .milliseconds(200))
        #expect(source.waitingCount == 1 && source.answers.isEmpty)
        rig.pipeline.resume(source: 0)
        try await waitUntil("the answer") { source.answers.count == 1 }
        #expect(await rig.drain())
    }

    @Test func aDrainWritesWhatWasTakenInAndRefusesTheRest() async throws {
        let rig = try rig()
        let source = rig.processes[0]
        source.send("before", event(1))
        try await waitUntil("the first answer") { source.answers.count == 1 }
        rig.pipeline.pause()
        source.send("after", event(2))
        #expect(await rig.drain())
        #expect(source.answers["after"] == .unavailable("draining"))
        #expect(try rig.files().events.map(\.event) == [event(1)])
    }

    @Test func aDrainTakesInWhatNobodyWaitsFor() async throws {
        let rig = try rig(isAnswered: false)
        rig.pipeline.pause()
        for number in 0..<50 { rig.processes[0].send("", event(number)) }
        #expect(await rig.drain())
        #expect(try rig.files().events.count == 50)
    }

    @Test func kindsOfSourcesStandBesideEachOther() async throws {
        let rig = try PipelineRig { $0.processes = [Self.profile(true)] }
        let source = rig.processes[0]
        let dealer = try rig.dealer()
        for number in 0..<20 {
            source.send("p\(number)", event(number))
            try dealer.send("d\(number)", event(100 + number))
        }
        try await waitUntil("all answers") {
            try dealer.receive().count == 20 && source.answers.count == 20
        }
        let committed = #"{"status":"committed","events":1,"quarantined":[]}"#
        #expect(dealer.answers.values.allSatisfy { $0 == committed })
        #expect(source.answers.values.allSatisfy { $0 == Answer(.committed, events: 1) })
        #expect(await rig.drain())
        let bySource = Dictionary(grouping: try rig.files().events, by: \.source)
        #expect(bySource["process"]?.count == 20 && bySource["reliable"]?.count == 20)
    }

    @Test func aSourceThatFailsIsToldAndOthersGoOn() async throws {
        let rig = try PipelineRig { $0.processes = [Self.profile(true)] }
        let at = try #require(rig.pipeline.source(named: "process"))
        rig.processes[0].fail()
        try await waitUntil("it has failed") { rig.pipeline.isFailed(source: at) }
        let told = rig.notices.all.compactMap { notice in
            if case .sourceFailed(let name, let reason) = notice { [name, reason] } else { nil }
        }
        #expect(told == [["process", "the test's failure"]])
        let dealer = try rig.dealer()
        try dealer.send("q", event(1))
        try await waitUntil("another source's answer") { try dealer.receive().count == 1 }
        #expect(!rig.processes[0].isClosed)
        #expect(await rig.drain())
        #expect(rig.processes[0].isClosed)
    }
}
