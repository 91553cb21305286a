import Events
import Filing
import FilingSupport
import Foundation
import Intake
import Plan
import Storage
import TestSupport
import Testing

/// What events are known by, where their source says where they have it.
@Suite struct FieldTests {
    private func term(_ path: String, _ unit: FieldRules.Unit? = nil) throws -> FieldRules.Term {
        FieldRules.Term(path: try EventPath(path), unit: unit)
    }

    /// A bench whose second source, with dedup, has these rules; the first has none.
    private func bench(_ rules: FieldRules, plan: PlanInForce? = nil) throws -> FilingBench {
        let bench = try FilingBench()
        var demand = SourceDemand()
        demand.fields = rules
        bench.rig.setWants(try EventWants(plan: plan, demands: [SourceDemand(), demand]))
        return bench
    }

    private func rules() throws -> FieldRules {
        var rules = FieldRules()
        rules.time = [try term("at.created", .seconds), try term("when")]
        rules.name = [[[try term("kind")]], [[try term("object")], [try term("action")]]]
        rules.id = [
            [[try term("uuid")]], [[try term("shop")], [try term("number"), try term("no")]],
        ]
        rules.channel = [[[try term("via")]], [[FieldRules.Term(path: nil, text: "mail")]]]
        return rules
    }

    /// The members behind the run of a line's metadata.
    private func resolved(_ line: String) -> Substring {
        let start = line.range(of: #""run":"r1","#)?.upperBound ?? line.startIndex
        return line[start...].prefix(through: line.firstIndex(of: "}") ?? line.startIndex)
    }

    @Test(arguments: [
        (
            #"{"at":{"created":1534110422},"kind":"sent","uuid":"u1","via":"sms"}"#,
            #""channel":"sms","time":"2018-08-12T21:47:02.000000Z","name":"sent","id":"u1","identity":"u1"}"#
        ),
        (
            #"{"wh\u0065n":"Mon, 17 Jul 2023 11:11:22 -0700","object":"order","action":"paid","shop":1,"no":"7"}"#,
            #""channel":"mail","time":"2023-07-17T18:11:22.000000Z","name":"order.paid","id":"1:11:7","identity":"1:11:7"}"#
        ),
        // A part that is missing leaves a length of nothing; the first must be there.
        (
            #"{"object":"order","shop":"a"}"#,
            #""channel":"mail","name":"order","id":"1:a0:","identity":"1:a0:"}"#
        ),
        (#"{"action":"paid","number":1}"#, #""channel":"mail"}"#),
        // What is there says nothing: null, an object, an empty text.
        (#"{"kind":null,"uuid":{},"via":"","when":[]}"#, #""channel":"mail"}"#),
        // The first of several counts; a later one if the first has no text.
        (
            #"{"kind":"a","kind":"b","uuid":null,"uuid":"u"}"#,
            #""channel":"mail","name":"a","id":"u","identity":"u"}"#
        ),
        (
            #"{"at":{"created":99999999999999999999},"when":"2026-01-02"}"#,
            #""channel":"mail","time":"2026-01-02T00:00:00.000000Z"}"#
        ),
        // What most events have counts where nothing else is found.
        (
            #"{"event":"e","messageId":"m","timestamp":"2026-01-02T03:04:05Z","channel":"c"}"#,
            #""channel":"mail","time":"2026-01-02T03:04:05.000000Z"}"#
        ),
    ])
    func eventsAreKnownByTheirOwnFields(event: String, expected: String) throws {
        let bench = try bench(rules())
        try bench.put(event, source: 1)
        #expect(resolved(try bench.lines()[0]) == expected)
    }

    /// However events are sent, each has its own; those of other sources are as before.
    @Test(arguments: 0..<4)
    func everyFormIsRead(form: Int) throws {
        let bench = try bench(rules())
        let events = (0..<40).map { #"{"kind":"k\#($0)","uuid":\#($0),"at":{"created":\#($0)}}"# }
        switch form {
        case 0: try bench.putTogether(events, source: 1)
        case 1: try bench.put("[" + events.joined(separator: ",") + "]", source: 1)
        case 2: try bench.put(events.joined(separator: "\n"), source: 1)
        default: try bench.put(#"[{"a":},"# + events.joined(separator: ",") + "]", source: 1)
        }
        try bench.put(events[0])
        let lines = try bench.lines()
        #expect(lines.count == 41 && !lines[40].contains("identity"))
        for (at, line) in lines.prefix(40).enumerated() {
            #expect(line.contains(#""name":"k\#(at)","id":"\#(at)","identity":"\#(at)"}"#))
        }
    }

    /// Copies are recognised by the id that was found, and by content unless that is enough.
    @Test(arguments: [false, true])
    func copiesAreRecognised(isIDEnough: Bool) throws {
        var rules = try rules()
        rules.isIDEnough = isIDEnough
        let bench = try bench(rules)
        try bench.put(#"{"uuid":"u1","a":1}"#, source: 1)
        try bench.put(#"[{"uuid":"u1","a":1},{"uuid":"u1","a":2},{"shop":1,"no":1}]"#, source: 1)
        try bench.put(#"{"shop":1,"no":1}"#, source: 1)
        let lines = try bench.lines()
        #expect(lines.count == (isIDEnough ? 2 : 3))
        #expect(lines.filter { $0.contains("idReused") }.count == (isIDEnough ? 0 : 1))
        #expect(lines.filter { $0.contains("idAlone") }.count == (isIDEnough ? 2 : 0))
    }

    /// The id that most events have is not noted twice.
    @Test func aMessageIDStaysOne() throws {
        var rules = FieldRules()
        rules.id = [[[try term("messageId")]]]
        let bench = try bench(rules)
        try bench.put(#"{"messageId":"m1"}"#, source: 1)
        #expect(resolved(try bench.lines()[0]) == #""channel":"web"}"#)
    }

    @Test func anythingCanStandForAText() throws {
        var rules = FieldRules()
        var issue = try term("issue")
        issue.text = "issue"
        rules.name = [[[issue, try term("kind")], [try term("action")]]]
        let bench = try bench(rules)
        try bench.put(
            #"[{"action":"opened","issue":{"id":1}},{"issue":null,"kind":"k"}]"#,
            source: 1
        )
        let lines = try bench.lines()
        #expect(lines[0].contains(#""name":"issue.opened""#) && lines[1].contains(#""name":"k""#))
    }

    /// A plan knows events by the name that was found.
    @Test func thePlanGoesByTheName() throws {
        var definition = PlanDefinition()
        definition.version = 4
        var total = PropertyRule()
        total.types = 32
        var order = PlanDefinition.Event(name: "order.paid")
        order.properties = [PlannedProperty(path: try EventPath("total"), rule: total)]
        definition.events = [order]
        let plan = PlanInForce(try CompiledPlan(definition), isEnforced: false)
        let bench = try bench(rules(), plan: plan)
        let events = ["1", #""a""#].map {
            #"{"object":"order","action":"paid","properties":{"total":\#($0)}}"#
        }
        try bench.put(events.joined(separator: "\n"), source: 1)
        try bench.put(#"{"context":{},"batch":[\#(events[1])]}"#, source: 1)
        try bench.put(events[0])
        let lines = try bench.lines()
        #expect(lines[0].contains(#""plan":4}"#))
        #expect(lines[1].contains(#""violations":["type properties.total"]"#))
        #expect(lines[2].contains(#""violations":["type properties.total"]"#))
        #expect(lines[3].contains(#""violations":["unplanned_event"]"#))
    }

    /// Texts that are too long are left out, as all texts of the metadata are.
    @Test func longTextsAreLeftOut() throws {
        let bench = try bench(rules())
        let long = String(repeating: "x", count: 1_025)
        try bench.put(#"{"kind":"\#(long)","object":"o","uuid":"\#(long)","shop":1}"#, source: 1)
        let line = try #require(try bench.lines().first)
        #expect(line.contains(#""name":"o","id":"1:10:","identity":"1:10:"}"#))
    }
}
