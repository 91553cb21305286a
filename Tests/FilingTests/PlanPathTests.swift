import Events
import Filing
import FilingSupport
import Plan
import Storage
import Testing

/// What is counted of a plan's events where they are filed.
@Suite struct PlanPathTests {
    private let met = #"{"event":"order","properties":{"total":1}}"#
    private let wrong = #"{"event":"order","properties":{"total":"secret"}}"#
    private let other = #"{"event":"refund","userId":"a@b.example"}"#

    private func plan(version: Int = 1, types: UInt8 = 32) throws -> CompiledPlan {
        var definition = PlanDefinition()
        definition.version = version
        definition.verdicts.wrongType = .quarantine
        var total = PropertyRule()
        total.types = types
        var order = PlanDefinition.Event(name: "order")
        order.properties = [PlannedProperty(path: try EventPath("total"), rule: total)]
        definition.events = [order]
        return try CompiledPlan(definition)
    }

    private func seen(_ bench: FilingBench) -> [Int] {
        let event = bench.rig.planFigures.events(named: ["order"])[0]
        return [event.seen, event.ok, event.warned, event.quarantined]
    }

    @Test func eventsAreCountedWithTheCommit() throws {
        let bench = try FilingBench()
        try bench.rig.setPlan(PlanInForce(plan(), mode: .enforce))
        try bench.put("[\(met),\(wrong),\(other),5]")
        #expect(seen(bench) == [0, 0, 0, 0])
        bench.rig.commit()
        #expect(seen(bench) == [2, 1, 0, 1])
        #expect(bench.rig.planFigures.unplanned.warned == 1)
        #expect(
            bench.rig.planFigures.events(named: ["order"])[0].bytes == met.utf8.count
                + wrong.utf8.count
        )
        bench.rig.commit()
        #expect(seen(bench) == [2, 1, 0, 1])
    }

    @Test func aChangeBetweenTwoCommitsLosesNoCount() throws {
        let bench = try FilingBench()
        try bench.rig.setPlan(PlanInForce(plan(), mode: .annotate))
        try bench.putTogether([met, wrong])
        try bench.rig.setPlan(PlanInForce(plan(version: 2, types: 16), mode: .annotate))
        try bench.putTogether([met, wrong])
        try bench.rig.setPlan(nil)
        try bench.put(wrong)
        #expect(seen(bench) == [4, 2, 2, 0])
        let marks = try bench.lines().map { $0.contains("violations") }
        #expect(marks == [false, true, true, false, false])
    }

    /// While quarantine is full, a message is read through first: that is not counted.
    @Test func readingThroughIsNotCounted() throws {
        let bench = try FilingBench()
        try bench.rig.setPlan(PlanInForce(plan(), mode: .enforce))
        bench.quota.setLimit(1 << 20)
        bench.quota.measured(2 << 20, since: bench.quota.growth)
        try bench.put("[\(met),\(wrong)]", isAnswered: true)
        try bench.put("[\(met),\(met)]", isAnswered: true)
        bench.rig.commit()
        #expect(seen(bench) == [2, 2, 0, 0] && bench.rig.drift.count == 0)
    }

    @Test func driftHasTheNumberOfTheLine() throws {
        let bench = try FilingBench()
        try bench.rig.setPlan(PlanInForce(plan(), mode: .enforce))
        try bench.put("[\(met),\(other),\(wrong),\(wrong)]", source: 1)
        #expect(bench.rig.drift.count == 0)
        bench.rig.commit()
        let found = Dictionary(
            uniqueKeysWithValues: bench.rig.drift.sorted.map { ($0.key.kind, $0) }
        )
        #expect(Set(found.keys) == [.unplannedEvent, .personal, .type])
        #expect(found[.unplannedEvent]?.sighting.line == "2")
        #expect(found[.type]?.sighting.line == "3" && found[.type]?.sighting.count == 2)
        #expect(found[.personal]?.key.path.text == "userId")
        #expect(bench.rig.drift.sorted.allSatisfy { $0.key.source == 1 })
        #expect(bench.rig.drift.sorted.allSatisfy { $0.sighting.firstSeen == bench.wall })
    }

    @Test func sourcesHaveModesOfTheirOwn() throws {
        let bench = try FilingBench()
        var demands = [SourceDemand(), SourceDemand()]
        demands[0].mode = .off
        let inForce = PlanInForce(try plan(), mode: .enforce)
        bench.rig.setWants(try EventWants(plan: inForce, demands: demands))
        for source in [0, 1, 0] { try bench.put("[\(wrong),\(met)]", source: source) }
        let lines = try bench.lines()
        #expect(lines.map { $0.contains("\"plan\":1") } == [false, false, true, false, false])
        #expect(try bench.lines("quarantine").count == 1)
        bench.rig.commit()
        #expect(seen(bench) == [2, 1, 0, 1])
    }
}
