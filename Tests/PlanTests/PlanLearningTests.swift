import Events
import Testing

@testable import Plan

/// What a plan that was learned says, what a plan finds in events, and how changes are ranked.
@Suite struct PlanLearningTests {
    private func learn(_ events: [String]) -> InferredPlan {
        var inference = PlanInference()
        for event in events { Array(event.utf8).withUnsafeBytes { inference.add($0) } }
        return InferredPlan(inference)
    }

    private func rules(_ plan: InferredPlan, of event: String) -> [String: PropertyRule] {
        let found = plan.events.first { $0.definition.name == event }
        return Dictionary(
            (found?.definition.properties ?? []).map { ($0.path.description, $0.rule) }
        ) { first, _ in first }
    }

    private func order(_ properties: String) -> String {
        #"{"event":"order","properties":{\#(properties)}}"#
    }

    // MARK: - Learning

    @Test(arguments: [(99, false), (100, true)])
    func aPropertyIsRequiredFromAHundredObjectsOn(count: Int, isRequired: Bool) {
        let plan = learn((0..<count).map { order(#""total":\#($0)"#) })
        #expect(rules(plan, of: "order")["total"]?.isRequired == isRequired)
    }

    @Test(arguments: [(19, UInt8(127)), (20, 32), (99, 32), (100, 64)])
    func typesNeedEnoughValues(count: Int, types: UInt8) {
        let plan = learn((0..<count).map { order(#""total":\#($0)"#) })
        #expect(rules(plan, of: "order")["total"]?.types == types)
    }

    @Test func valuesAreFewAndFrequent() {
        let frequent = learn((0..<100).map { order(#""size":"\#($0 % 5)x""#) })
        #expect(
            rules(frequent, of: "order")["size"]?.values.compactMap(\.string)
                == ["0x", "1x", "2x", "3x", "4x"]
        )
        let rare = learn((0..<100).map { order(#""size":"\#($0 % 6)x""#) })
        #expect(rules(rare, of: "order")["size"]?.values.isEmpty == true)
        let ids = learn((0..<100).map { order(#""sizeId":"\#($0 % 5)x""#) })
        #expect(rules(ids, of: "order")["sizeId"]?.values.isEmpty == true)
        let phones = learn((0..<100).map { order(#""phone":"\#($0 % 5)x""#) })
        #expect(rules(phones, of: "order")["phone"]?.values.isEmpty == true)
    }

    @Test func formatsAreOfAllTexts() {
        let all = learn((10..<30).map { order(#""day":"2026-11-\#($0)""#) })
        #expect(rules(all, of: "order")["day"]?.format == "date")
        let most = learn(
            (10..<30).map { order(#""day":"\#($0 == 20 ? "soon" : "2026-11-\($0)")""#) }
        )
        #expect(rules(most, of: "order")["day"]?.format == nil)
    }

    @Test func whatItCannotDescribeIsCounted() {
        let plan = learn(["{}", "7", order("")])
        #expect(plan.leftOut.count == 2 && plan.events.map(\.count) == [1])
        #expect(plan.verdicts.unplannedEvent == .allow)
    }

    // MARK: - Trying

    private func plan(
        _ types: UInt8 = 32,
        version: Int = 1,
        _ change: (inout PropertyRule, inout PlanDefinition) -> Void = { _, _ in }
    ) throws -> PlanDefinition {
        var plan = PlanDefinition()
        plan.version = version
        var rule = PropertyRule()
        rule.types = types
        change(&rule, &plan)
        var event = PlanDefinition.Event(name: "order")
        event.properties = [PlannedProperty(path: try EventPath("total"), rule: rule)]
        plan.events.append(event)
        return plan
    }

    @Test func aBacktestTellsWhatHowOftenAndWhere() throws {
        let definition = try plan { rule, plan in
            rule.isRequired = true
            plan.verdicts.wrongType = .quarantine
            plan.verdicts.unplannedEvent = .allow
        }
        var backtest = try PlanBacktest(definition, placesMax: 2)
        let events = [
            order(#""total":1"#), order(#""total":"a""#), order(#""total":"b""#),
            order(#""total":"c""#), order(""), #"{"event":"other"}"#, "[]",
        ]
        for (at, event) in events.enumerated() {
            Array(event.utf8).withUnsafeBytes { _ = backtest.add($0) { "line \(at)" } }
        }
        #expect(backtest.count == 6 && backtest.unreadable == 1 && backtest.others == 0)
        #expect(backtest.verdicts == [.allow: 2, .annotate: 1, .quarantine: 3])
        let type = PlanBacktest.Finding(event: "order", kind: "type", path: "properties.total")
        #expect(backtest.findings[type]?.count == 3)
        #expect(backtest.findings[type]?.places == ["line 1", "line 2"])
        #expect(backtest.findings.count == 3)
    }

    @Test func learnedPlansAcceptWhatTheyWereLearnedFrom() throws {
        let events = (0..<300).map { at in
            order(
                #""total":\#(at),"size":"\#(at % 3)","more":{"a":\#(at % 2 == 0 ? "1" : "null")}"#
            )
        }
        let learned = learn(events)
        var definition = PlanDefinition()
        definition.events = learned.events.map(\.definition)
        definition.common = learned.common
        var backtest = try PlanBacktest(definition, placesMax: 0)
        for event in events { Array(event.utf8).withUnsafeBytes { _ = backtest.add($0) { "" } } }
        #expect(backtest.verdicts == [.allow: 300])
    }

    // MARK: - Comparing

    private func ranks(from old: PlanDefinition, to new: PlanDefinition) -> [PlanDiff.Rank] {
        PlanDiff(from: old, to: new).changes.map(\.rank)
    }

    @Test func changesAreRanked() throws {
        let old = try plan()
        #expect(ranks(from: old, to: old).isEmpty)
        #expect(ranks(from: old, to: try plan(33)) == [.addition])
        #expect(ranks(from: try plan(33), to: old) == [.revision])
        #expect(ranks(from: old, to: try plan(16)) == [.model])
        // Every integer is a number.
        #expect(ranks(from: try plan(64), to: old) == [.addition])
        #expect(ranks(from: old, to: try plan(64)) == [.revision])
        let required = try plan { rule, _ in rule.isRequired = true }
        #expect(ranks(from: old, to: required) == [.model])
        #expect(ranks(from: required, to: old) == [.addition])
        let bounded = try plan { rule, _ in rule.bounds = [(.minimum, "0")] }
        #expect(ranks(from: old, to: bounded) == [.revision])
        #expect(ranks(from: bounded, to: old) == [.addition])
        let inEuro = try plan { rule, _ in rule.unit = "EUR" }
        #expect(ranks(from: inEuro, to: old) == [.model])
        let strict = try plan { _, plan in plan.verdicts.rule = .quarantine }
        #expect(ranks(from: old, to: strict) == [.revision])
        var removed = old
        removed.events = []
        #expect(ranks(from: old, to: removed) == [.model])
        #expect(ranks(from: removed, to: old) == [.addition])
    }

    @Test func changesAskForAHigherVersion() throws {
        let old = try plan(version: 7)
        #expect(PlanDiff(from: old, to: try plan(version: 7)).versionMin == 7)
        #expect(PlanDiff(from: old, to: try plan(33, version: 7)).versionMin == 8)
    }
}
