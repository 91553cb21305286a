import Filing
import FilingSupport
import Intake
import Storage
import Testing

/// Knows no key.
private final class Stranger: RequestGate {
    func admit(key: UnsafeRawBufferPointer?, origin: UnsafeRawBufferPointer) -> GateVerdict {
        key == nil ? .refused(reason: "unauthorized") : .unknown(name: "(unknown)")
    }

    func isKey(_ text: UnsafeRawBufferPointer) -> Bool { false }

    func cover(_ text: UnsafeMutableRawBufferPointer) -> Bool { false }
}

/// Messages whose events all have one fate, whatever they are.
@Suite struct FateTests {
    private static let declined = RequestNote.bytes(flags: [.isDeclined], form: .any)
    private static let unknown = RequestNote.bytes(flags: [.isUnknownKey], form: .any)

    @Test func ofADeclinedMessageNothingIsKeptAndAllIsCounted() throws {
        let bench = try FilingBench()
        let text = #"[{"messageId":"1"},{"messageId":"2"},{"a":NaN}]"#
        try bench.put(Array(text.utf8), note: Self.declined, source: 1)
        let tally = bench.rig.takeTally(of: 1)
        #expect(tally.declined == tally.total && tally.declined >= 3)
        #expect(tally.accepted == 0 && tally.rejectedTotal == 0 && tally.dropped == 0)
        #expect(bench.answers() == [Answer(.committed, events: 0)])
        #expect(try bench.lines().isEmpty && bench.lines("quarantine").isEmpty)
    }

    @Test func anIdThatWasDeclinedIsTakenLater() throws {
        let bench = try FilingBench()
        let event = Array(#"{"messageId":"1"}"#.utf8)
        let plain = RequestNote.bytes(flags: [], form: .any)
        try bench.put(event, note: Self.declined, source: 1)
        try bench.put(event, note: plain, source: 1)
        try bench.put(event, note: plain, source: 1)
        #expect(try bench.lines().count == 1)
        let tally = bench.rig.takeTally(of: 1)
        #expect(tally.declined == 1 && tally.accepted == 1 && tally.repeated == 1)
    }

    @Test func aDeclinedMessageIsDeclinedAmongOthersOfOneTurn() throws {
        let bench = try FilingBench()
        let plain = RequestNote.bytes(flags: [], form: .any)
        for (at, note) in [plain, plain, Self.declined, plain, Self.unknown, plain].enumerated() {
            bench.rig.add(Array(#"{"n":\#(at)}"#.utf8), source: 0, isAnswered: true, note: note)
        }
        try bench.rig.take()
        #expect(bench.answers().map(\.events) == [1, 1, 0, 1, 0, 1])
        let kept = try bench.lines()
        #expect(
            kept.count == 4 && !kept.contains { $0.contains(#""n":2"#) || $0.contains(#""n":4"#) }
        )
        #expect(try bench.lines("quarantine").count == 1)
    }

    @Test func aFullQuarantineDoesNotMatterToADeclinedMessage() throws {
        let bench = try FilingBench()
        bench.quota.setLimit(1 << 20)
        bench.quota.measured(2 << 20, since: bench.quota.growth)
        try bench.put(Array("{".utf8), note: Self.declined)
        try bench.put(Array("{".utf8), note: RequestNote.bytes(flags: [], form: .any))
        #expect(bench.answers().map(\.status) == [.committed, .unavailable])
    }

    @Test func eventsOfAnUnknownKeyAreKeptAsTheyWereSent() throws {
        let bench = try FilingBench()
        let text = #"{"batch":[{"event":"a","writeKey":"x"},{"event":"b"}]}"#
        let note = RequestNote.bytes(flags: [.isUnknownKey, .hidesKeys], form: .track)
        try bench.put(Array(text.utf8), note: note)
        let lines = try bench.lines("quarantine")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.contains(#""reason":"unknown_key""#) })
        #expect(
            lines.first?.contains(#""payload":"{\"event\":\"a\",\"writeKey\":\"x\"}""#) ?? false
        )
        let answer = try #require(bench.answers().first)
        #expect(answer.status == .committed && answer.events == 0)
        #expect(answer.refused.map(\.reason) == ["unknown_key", "unknown_key"])
        #expect(answer.refused.map(\.offset) == [10, 39])
        #expect(try bench.lines().isEmpty)
    }

    @Test func anUnknownKeyInTheBodyIsAProducerOfItsOwn() throws {
        let bench = try FilingBench(gate: Stranger())
        let note = RequestNote.bytes(flags: [.needsKey, .hidesKeys], form: .any)
        try bench.put(Array(#"{"writeKey":"some-key","a":1}"#.utf8), note: note)
        try bench.put(Array(#"{"a":2}"#.utf8), note: note)
        #expect(bench.answers().map(\.status) == [.committed, .rejected])
        let lines = try bench.lines("quarantine")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#""producer":"(unknown)""#) ?? false)
    }

    @Test func anUnknownKeyIsPutOffWhileQuarantineIsFull() throws {
        let bench = try FilingBench(gate: Stranger())
        bench.quota.setLimit(1 << 20)
        bench.quota.measured(2 << 20, since: bench.quota.growth)
        let inBody = RequestNote.bytes(flags: [.needsKey], form: .any)
        try bench.put(Array(#"{"a":1}"#.utf8), note: Self.unknown)
        try bench.put(Array(#"{"writeKey":"some-key"}"#.utf8), note: inBody)
        #expect(bench.answers().map(\.status) == [.unavailable, .unavailable])
        #expect(try bench.lines("quarantine").isEmpty)
    }

    @Test func whatIsDeclinedIsNotKeptForItsUnknownKey() throws {
        let bench = try FilingBench(gate: Stranger())
        let note = RequestNote.bytes(flags: [.needsKey, .isDeclined], form: .any)
        try bench.put(Array(#"{"writeKey":"some-key"}"#.utf8), note: note)
        #expect(bench.answers() == [Answer(.committed, events: 0)])
        #expect(try bench.lines("quarantine").isEmpty)
    }
}
