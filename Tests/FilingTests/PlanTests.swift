import Events
import Filing
import FilingSupport
import Intake
import Plan
import Storage
import TestSupport
import Testing

/// A plan with two events: `order` must have a total that is a number, and a campaign in its context.
private func plan(
    _ change: (inout PlanVerdicts) -> Void = { _ in },
    campaign: Bool = false
) throws -> CompiledPlan {
    var definition = PlanDefinition()
    definition.version = 12
    change(&definition.verdicts)
    var order = PlanDefinition.Event(name: "order")
    var total = PropertyRule()
    total.types = 32
    total.isRequired = true
    order.properties = [PlannedProperty(path: try EventPath("total"), rule: total)]
    definition.events = [order]
    if campaign {
        var rule = PropertyRule()
        rule.isRequired = true
        definition.common = [
            PlannedProperty(path: try EventPath("context.campaign"), rule: rule)
        ]
    }
    return try CompiledPlan(definition)
}

private let met = #"{"event":"order","properties":{"total":1}}"#
private let wrong = #"{"event":"order","properties":{"total":"secret"}}"#
private let other = #"{"event":"refund","properties":{"total":1}}"#

@Suite struct PlanTests {
    private func bench(_ plan: CompiledPlan, isEnforced: Bool = false) throws -> FilingBench {
        let bench = try FilingBench()
        try bench.rig.setPlan(PlanInForce(plan, isEnforced: isEnforced))
        return bench
    }

    /// Files events in each form in which several are read.
    private func put(_ events: [String], as form: Int, to bench: FilingBench) throws {
        switch form {
        case 0: try bench.putTogether(events)
        case 1: try bench.put("[" + events.joined(separator: ",") + "]")
        case 2: try bench.put(events.joined(separator: "\n"))
        case 3: try bench.put(#"{"batch":["# + events.joined(separator: ",") + "]}")
        // What follows the damaged event is read element by element.
        default: try bench.put(#"[{"a":},"# + events.joined(separator: ",") + "]")
        }
    }

    @Test(arguments: 0..<5)
    func violationsAreWrittenWithTheEvent(form: Int) throws {
        let bench = try bench(plan())
        try put([met, wrong, other, met], as: form, to: bench)
        let lines = try bench.lines()
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.contains(#""plan":12"#) })
        let marked = lines.map { $0.contains("violations") }
        #expect(marked == [false, true, true, false])
        #expect(lines[1].contains(#""plan":12,"violations":["type properties.total"]}"#))
        #expect(lines[2].contains(#""plan":12,"violations":["unplanned_event"]}"#))
        #expect(try bench.events() == [met, wrong, other, met])
    }

    @Test(arguments: 0..<5)
    func anEnforcedPlanKeepsEventsAway(form: Int) throws {
        let bench = try bench(
            plan {
                $0.wrongType = .quarantine
                $0.unplannedEvent = .quarantine
            },
            isEnforced: true
        )
        try put([wrong, met, other], as: form, to: bench)
        #expect(try bench.events() == [met])
        let lines = try bench.lines("quarantine").filter { !$0.contains("invalid_json") }
        #expect(lines.count == 2)
        let violating = try #require(lines.first { $0.contains("plan_violation") })
        #expect(violating.contains(#""detail":"type properties.total","#))
        #expect(violating.contains(#""plan":12}"#))
        let unplanned = try #require(lines.first { $0.contains("unplanned_event") })
        #expect(unplanned.contains(#""reason":"unplanned_event","detail":"unplanned_event","#))
    }

    /// Quarantine by the plan is only a mark while it is not enforced.
    @Test func aPlanThatIsNotEnforcedOnlyMarks() throws {
        let bench = try bench(plan { $0.wrongType = .quarantine })
        try bench.put(wrong)
        #expect(try bench.lines()[0].contains(#""violations":["type properties.total"]"#))
        #expect(try bench.lines("quarantine") == [])
    }

    @Test func whatThePlanAllowsIsNotNamed() throws {
        let bench = try bench(
            plan {
                $0.wrongType = .allow
                $0.unplannedEvent = .allow
            }
        )
        try bench.put(wrong)
        try bench.put(other)
        #expect(try bench.lines().allSatisfy { $0.contains(#""plan":12}"#) })
    }

    /// The context of a batch is that of its events, as in their lines.
    @Test func fieldsOfABatchCount() throws {
        let bench = try bench(plan(campaign: true))
        try bench.put(#"{"context":{"campaign":"a"},"batch":[\#(met),\#(wrong)]}"#)
        try bench.put(#"{"context":{"ip":"1.2.3.4"},"batch":[\#(met)]}"#)
        let lines = try bench.lines()
        #expect(lines[0].contains(#""plan":12},"context""#))
        #expect(lines[1].contains(#""violations":["type properties.total"]}"#))
        #expect(lines[2].contains(#""violations":["missing context.campaign"]}"#))
    }

    @Test func namesInAPathAreEscaped() throws {
        let bench = try bench(plan { $0.unplannedProperty = .quarantine }, isEnforced: true)
        try bench.put(
            #"{"event":"order","properties":{"total":1,"a\"b":2}}"#,
            isAnswered: true
        )
        let line = try #require(try bench.lines("quarantine").first)
        #expect(line.contains(#""detail":"unplanned properties.a\"b""#))
        #expect(bench.answers().first?.refused.first?.detail == #"unplanned properties.a\"b"#)
    }

    @Test func atMostEightViolationsAreNamed() throws {
        let bench = try bench(plan())
        let more = (0..<11).map { #""p\#($0)":1"# }.joined(separator: ",")
        try bench.put(#"{"event":"order","properties":{"total":1,\#(more)}}"#)
        let line = try #require(try bench.lines().first)
        #expect(line.contains(#""unplanned properties.p7","more 3"]"#))
    }

    @Test(arguments: [false, true])
    func answersNameWhatIsViolated(isTogether: Bool) throws {
        let bench = try bench(plan())
        let type = #""type properties.total""#
        if isTogether {
            try bench.putTogether([met, wrong, met], isAnswered: true)
            let answers = bench.answers()
            #expect(answers.map { $0.warnings.map(\.index) } == [[], [0], []])
            #expect(answers.map(\.isPlain) == [true, false, true])
            #expect(answers[1].warnings.first?.violations == type)
        } else {
            try bench.put("[\(met),\(wrong),\(other)]", isAnswered: true)
            try bench.put(met, isAnswered: true)
            let answers = bench.answers()
            #expect(answers[0].warnings.map(\.index) == [1, 2] && answers[0].events == 3)
            #expect(answers[0].warnings.map(\.violations) == [type, #""unplanned_event""#])
            #expect(answers[1].isPlain && answers[1].warnings.isEmpty)
        }
    }

    @Test func atMostAHundredEventsAreNamedInAnAnswer() throws {
        let bench = try bench(plan())
        try bench.put(Array(repeating: wrong, count: 103).joined(separator: "\n"), isAnswered: true)
        let answer = try #require(bench.answers().first)
        #expect(answer.warnings.count == 100 && answer.moreWarnings == 3 && answer.events == 103)
        #expect(AnswerText.json(answer).hasSuffix(#"]},{"more":3}],"quarantined":[]}"#))
    }

    @Test func withoutAPlanNothingIsAdded() throws {
        let bench = try bench(plan())
        try bench.put(met)
        try bench.rig.setPlan(nil)
        try bench.put(wrong)
        let lines = try bench.lines()
        #expect(lines[0].contains("plan") && !lines[1].contains("plan"))
    }

    /// While quarantine is full, a message that the plan would keep away is not accepted at all.
    @Test(arguments: [false, true])
    func aFullQuarantinePutsMessagesOff(isTogether: Bool) throws {
        let bench = try bench(plan { $0.wrongType = .quarantine }, isEnforced: true)
        bench.quota.setLimit(1 << 20)
        bench.quota.measured(2 << 20, since: bench.quota.growth)
        let putOff = Answer.unavailable("quarantine_full")
        if isTogether {
            try bench.putTogether([met, wrong], isAnswered: true)
            #expect(bench.answers() == [Answer(.committed, events: 1), putOff])
        } else {
            try bench.put("[\(met),\(wrong)]", isAnswered: true)
            #expect(bench.answers() == [putOff])
        }
        #expect(try bench.lines("quarantine") == [])
    }
}
