import Events
import Filing
import FilingSupport
import Foundation
import Intake
import Storage
import Synchronization
import TestSupport
import Testing

/// A judge whose verdict on an event is the event's member `do`.
private final class ObedientJudge: EventJudge {
    private let secret = Array(#""***""#.utf8).withUnsafeBytes { bytes in
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(copy)
    }
    private(set) var seen = 0

    deinit {
        secret.deallocate()
    }

    func judge(_ burst: inout EventBurst) {
        for at in 0..<burst.count {
            let view = burst.view(at: at)
            guard view.rejection == nil else { continue }
            seen += 1
            let text = String(decoding: view.bytes, as: UTF8.self)
            if text.contains(#""do":"quarantine""#) {
                burst.judge(.quarantine(.reservedKey), at: at)
            }
            if text.contains(#""do":"suppress""#) { burst.judge(.suppressed, at: at) }
            if text.contains(#""do":"drop""#) { burst.judge(.drop, at: at) }
            edit(text, at: at, in: &burst)
        }
    }

    private func edit(_ text: String, at: Int, in burst: inout EventBurst) {
        var edits: [EventEdit] = []
        let needles = [(#""secret":1,"#, nil), (#""only":1"#, nil), (#""hidden""#, secret)]
        for (needle, replacement) in needles {
            guard let found = text.range(of: needle) else { continue }
            let start = text.utf8.distance(from: text.startIndex, to: found.lowerBound)
            let range = start..<(start + needle.utf8.count)
            edits.append(replacement.map { EventEdit(range, replacement: $0) } ?? EventEdit(range))
        }
        if !edits.isEmpty { burst.edit(at: at, edits) }
    }
}

@Suite struct JudgeTests {
    private func tally(_ bench: FilingBench, _ source: Int = 0) -> CommitTally {
        bench.rig.takeTally(of: source)
    }

    @Test(arguments: [false, true])
    func verdictsDecideWhereEventsGo(isTogether: Bool) throws {
        let judge = ObedientJudge()
        let bench = try FilingBench(judge: judge)
        let events = ["write", "quarantine", "suppress", "drop", "write"].enumerated().map {
            #"{"n":\#($0),"do":"\#($1)"}"#
        }
        if isTogether {
            try bench.putTogether(events)
        } else {
            try bench.put("[" + events.joined(separator: ",") + "]")
        }
        #expect(judge.seen == 5)
        let tally = tally(bench)
        #expect(tally.accepted == 2 && tally.rejectedTotal == 1)
        #expect(tally.suppressed == 1 && tally.dropped == 1 && tally.total == 5)
        #expect(try bench.events() == [events[0], events[4]])
        let quarantined = try bench.lines("quarantine")
        #expect(quarantined.count == 1)
        let offset = isTogether ? 0 : 1 + events[0].utf8.count + 1
        #expect(quarantined[0].contains(#""reason":"reserved_key""#))
        #expect(quarantined[0].contains(#""offset":\#(offset)"#))
    }

    /// Only stored events and pieces get numbers, without gaps over events and quarantine.
    @Test func onlyWhatIsKeptTakesANumber() throws {
        let bench = try FilingBench(judge: ObedientJudge())
        try bench.put(#"[{"do":"drop"},{"do":"suppress"},{"do":"write"},{"do":"quarantine"}]"#)
        #expect(try bench.lines()[0].contains(#""seq":1,"#))
        #expect(try bench.lines("quarantine")[0].contains(#""seq":2,"#))
    }

    @Test(arguments: [false, true])
    func answersCountWhatAProducerNeedNotSendAgain(isTogether: Bool) throws {
        let bench = try FilingBench(judge: ObedientJudge())
        let events = ["write", "suppress", "drop"].map { #"{"do":"\#($0)"}"# }
        if isTogether {
            try bench.putTogether(events, isAnswered: true)
            #expect(
                bench.answers()
                    == Array(repeating: Answer(.committed, events: 1), count: 3)
            )
        } else {
            try bench.put(events.joined(separator: "\n"), isAnswered: true)
            #expect(
                bench.answers() == [Answer(.committed, events: 3)]
            )
        }
    }

    @Test func refusedEventsAreNamedInTheAnswer() throws {
        let bench = try FilingBench(judge: ObedientJudge())
        try bench.put(#"[{"n":1},{"do":"quarantine"}]"#, isAnswered: true)
        let answer = try #require(bench.answers().first)
        #expect(answer.status == .committed && answer.events == 1)
        #expect(answer.refused.map(\.index) == [1] && answer.refused.map(\.offset) == [9])
        #expect(answer.refused.map(\.reason) == ["reserved_key"])
    }

    /// The id of a refused event does not exclude its corrected copy.
    @Test func aRefusedEventMayBeSentAgain() throws {
        let bench = try FilingBench(judge: ObedientJudge())
        let refused = #"{"messageId":"m1","do":"quarantine"}"#
        let corrected = #"{"messageId":"m1","do":"write"}"#
        for event in [refused, refused, corrected, corrected] {
            try bench.put(event, source: 1)
        }
        let tally = tally(bench, 1)
        #expect(tally.rejectedTotal == 2 && tally.accepted == 1 && tally.repeated == 1)
        #expect(tally.reused == 0)
        #expect(try bench.events() == [corrected])
    }

    @Test(arguments: [false, true])
    func editsChangeWhatIsWritten(isTogether: Bool) throws {
        let bench = try FilingBench(judge: ObedientJudge())
        let sent = [
            #"{"secret":1,"a":"hidden","b":2}"#, #"{"a":3}"#, #"{"only":1}"#,
            "{\"a\":\n\"hidden\"\r\n}",
        ]
        if isTogether {
            try bench.putTogether(sent)
        } else {
            try bench.put("[" + sent.joined(separator: ",") + "]")
        }
        #expect(
            try bench.events() == [
                #"{"a":"***","b":2}"#, #"{"a":3}"#, "{}", #"{"a":"***"}"#,
            ]
        )
    }

    /// While quarantine is full, a message that a judge would refuse is not accepted at all.
    @Test(arguments: [false, true])
    func aFullQuarantinePutsJudgedMessagesOff(isTogether: Bool) throws {
        let bench = try FilingBench(judge: ObedientJudge())
        bench.quota.setLimit(1 << 20)
        bench.quota.measured(2 << 20, since: bench.quota.growth)
        let putOff = Answer.unavailable("quarantine_full")
        let committed = Answer(.committed, events: 1)
        if isTogether {
            try bench.putTogether([#"{"n":1}"#, #"{"do":"quarantine"}"#], isAnswered: true)
            #expect(bench.answers() == [committed, putOff])
        } else {
            try bench.put(#"[{"n":1},{"do":"quarantine"}]"#, isAnswered: true)
            #expect(bench.answers() == [putOff])
        }
        #expect(bench.quota.refused == 1)
        #expect(try bench.lines("quarantine") == [])
        #expect(try bench.events() == (isTogether ? [#"{"n":1}"#] : []))
        // Without a producer that waits for an answer, none is asked to resend.
        try bench.put(#"[{"n":2},{"do":"quarantine"}]"#)
        let tally = tally(bench)
        #expect(tally.dropped == 1 && tally.rejectedTotal == 0)
    }
}

/// An observer that stores the bursts it receives.
private final class Witness: EventObserver {
    private let seen = Mutex<[String]>([])

    var all: [String] { seen.withLock { $0 } }

    func observe(_ burst: borrowing EventBurst) {
        for at in 0..<burst.count {
            let text = String(decoding: burst.view(at: at).bytes, as: UTF8.self)
            let place = burst.slot(at: at) == nil ? "nowhere" : "somewhere"
            let verdict =
                switch burst.verdict(at: at) {
                case .write: "write"
                case .quarantine(let reason): reason.rawValue
                case .duplicate: "duplicate"
                case .suppressed: "suppressed"
                case .declined: "declined"
                case .drop: "drop"
                }
            seen.withLock { $0.append("\(burst.source) \(text) \(verdict) \(place)") }
        }
    }
}

@Suite struct ObserversTests {
    @Test func observersSeeWhatBecameOfEvents() throws {
        let bench = try FilingBench()
        let witness = Witness()
        try bench.put(#"{"n":0}"#)
        bench.observers.add(witness)
        try bench.putTogether([#"{"messageId":"a"}"#, #"{"messageId":"a"}"#], source: 1)
        try bench.put(#"[{"n":1},5]"#)
        bench.observers.remove(witness)
        try bench.put(#"{"n":2}"#)
        #expect(
            witness.all == [
                #"1 {"messageId":"a"} write somewhere"#,
                #"1 {"messageId":"a"} duplicate nowhere"#,
                #"0 {"n":1} write somewhere"#,
                "0 5 not_an_object somewhere",
            ]
        )
    }
}

@Suite struct FilingStageTests {
    /// Filing of a message of ever new partitions is interrupted, and continued.
    @Test(arguments: [false, true])
    func returnsInTheMiddleAfterManySegments(isTogether: Bool) throws {
        let bench = try FilingBench()
        let events = (0..<200).map { #"{"channel":"c\#(1_000 + $0)"}"# }
        if isTogether {
            try bench.putTogether(events, isAnswered: true)
        } else {
            try bench.put(events.joined(separator: "\n"), isAnswered: true)
        }
        #expect(bench.rig.returns >= 200 / FilingStage.opensMax)
        #expect(bench.answers().count == (isTogether ? 200 : 1))
        #expect(bench.rig.takeTally(of: 0).accepted == 200)
        #expect(try bench.events() == events)
    }

    /// Messages that do not fit a run of single events are filed between them, in order.
    @Test func runsAndOtherMessagesKeepTheirOrder() throws {
        let bench = try FilingBench()
        let messages = [
            #"{"n":1}"#, #"{"n":2}"#, #"[{"n":3},{"n":4}]"#, #"{"n":5}"#, "nonsense",
            "{\"n\":6}\n{\"n\":7}", #"{"n":8}"#,
        ]
        try bench.putTogether(messages, isAnswered: true)
        #expect(try bench.events() == (1...8).map { #"{"n":\#($0)}"# })
        #expect(bench.answers().count { !$0.refused.isEmpty } == 1)
        let wanted = bench.rig.takeWanted()
        #expect(wanted.answers == 7)
        #expect(wanted.bytes == messages.reduce(0) { $0 + $1.utf8.count })
    }
}
