import Events
import Testing

@testable import Plan

/// What was seen of the events of plans, and what has drifted, over writers and plans.
@Suite struct PlanFiguresTests {
    private func plan(_ names: [String]) throws -> CompiledPlan {
        var plan = PlanDefinition()
        plan.version = 1
        plan.events = names.map(PlanDefinition.Event.init)
        return try CompiledPlan(plan)
    }

    @Test func writersAndPlansAddUpByName() throws {
        let figures = PlanFigures()
        let old = PlanTally(try plan(["a", "b"]))
        old.count(1, .ok, bytes: 10, receivedAt: 7)
        old.count(1, .warned, bytes: 10, receivedAt: 9)
        old.count(2, .quarantined, bytes: 3, receivedAt: 8)
        old.count(kinds: 0b101, of: 1)
        old.count(kinds: 0b1, of: 2)
        old.move(to: figures)
        old.move(to: figures)
        // Another plan has another order.
        let new = PlanTally(try plan(["b", "c"]))
        new.count(0, .ok, bytes: 1, receivedAt: 5)
        new.move(to: figures)
        old.count(1, .ok, bytes: 1, receivedAt: 4)
        old.move(to: figures)
        let found = figures.events(named: ["b", "a", "never"])
        #expect(found.map(\.seen) == [4, 0, 0])
        #expect(found[0].ok == 3 && found[0].warned == 1 && found[0].bytes == 22)
        #expect(found[0].lastSeen == 9)
        #expect(found[0].kinds == [.missing: 1, .unplanned: 1])
        #expect(figures.unplanned.quarantined == 1 && figures.unplanned.kinds.isEmpty)
        #expect(figures.byVerdict.map(\.count) == [3, 1, 1])
    }

    @Test func theSeriesOfViolationsAreBounded() throws {
        let figures = PlanFigures()
        let tally = PlanTally(try plan((0..<30).map { "e\($0)" }))
        for number in 0..<30 {
            for _ in 0...number {
                tally.count(number, .warned, bytes: 1, receivedAt: 1)
                tally.count(kinds: 0b10, of: number)
            }
        }
        tally.move(to: figures)
        let series = figures.violations(most: 3)
        #expect(series.map(\.event) == ["e29", "e28", "e27", nil])
        #expect(series.map(\.count) == [30, 29, 28, 27 * 28 / 2])
    }

    private func note(_ event: String, in tally: DriftTally, plan: CompiledPlan, line: Int) {
        var reader = ValueReader(depthMax: 64)
        var walk = PlanWalk()
        Array(event.utf8).withUnsafeBytes { bytes in
            let offset = reader.read(bytes)
            #expect(offset == nil)
            let root = plan.root(for: reader.eventName)
            let isDone = walk.run(plan.program, root: root.node, reader.reader, at: reader.start)
            #expect(isDone)
            let name = String(decoding: reader.eventName, as: UTF8.self)
            tally.note(
                DriftTally.violations(of: walk, root),
                of: DriftTally.Event(
                    name: name,
                    bytes: bytes,
                    receivedAt: Int64(line)
                ),
                plan
            ) { "\(line)" }
        }
    }

    @Test func driftIsBoundedAndKeepsItsSum() throws {
        let (book, tally, plan) = (DriftBook(), DriftTally(), try plan([]))
        for line in 1...(DriftBook.entriesMax + 10) {
            note(#"{"event":"e\#(line)"}"#, in: tally, plan: plan, line: line)
        }
        tally.move(to: book)
        // Writers know the same bound, so what is beyond it may be any.
        #expect(book.count <= DriftBook.entriesMax + 1)
        let others = try #require(book.sorted.first)
        #expect(others.key.event.text == "__other__" && others.sighting.count >= 10)
        #expect(book.sorted.reduce(0) { $0 + $1.sighting.count } == DriftBook.entriesMax + 10)
        let second = DriftTally()
        note(#"{"event":"another"}"#, in: second, plan: plan, line: 1)
        second.move(to: book)
        #expect(book.count <= DriftBook.entriesMax + 1)
        #expect(book.sorted.first?.sighting.count == others.sighting.count + 1)
    }

    @Test func writersAddUpToOneEntry() throws {
        let (book, plan) = (DriftBook(), try plan([]))
        for lines in [[5, 7], [3, 9]] {
            let tally = DriftTally()
            for line in lines { note(#"{"event":"e"}"#, in: tally, plan: plan, line: line) }
            tally.move(to: book)
            tally.move(to: book)
        }
        let entry = try #require(book.sorted.first)
        #expect(book.count == 1 && entry.sighting.count == 4 && entry.sighting.line == "3")
        #expect(entry.sighting.firstSeen == 3 && entry.sighting.lastSeen == 9)
    }

    @Test func personalDataIsLookedForLessAndLessOften() throws {
        let (book, tally, plan) = (DriftBook(), DriftTally(), try plan([]))
        for line in 1...100 {
            note(#"{"event":"e","userId":"a@b.example"}"#, in: tally, plan: plan, line: line)
        }
        tally.move(to: book)
        let counts = Dictionary(
            uniqueKeysWithValues: book.sorted.map { ($0.key.kind, $0.sighting.count) }
        )
        // The 1st, 2nd, 4th … 64th.
        #expect(counts == [.unplannedEvent: 100, .personal: 7])
    }

    @Test func privacyCoversAPlaceAndWhatIsInIt() throws {
        var definition = PlanDefinition()
        definition.version = 1
        var rule = PropertyRule()
        rule.privacy = "hash"
        definition.common = [
            PlannedProperty(path: try EventPath("context.traits"), rule: rule)
        ]
        var order = PlanDefinition.Event(name: "order")
        order.properties = [PlannedProperty(path: try EventPath("buyers[].mail"), rule: rule)]
        definition.events = [order]
        let plan = try CompiledPlan(definition)
        #expect(plan.protects("context.traits.email", ofEvent: "x"))
        #expect(!plan.protects("context.traitsOf", ofEvent: "x"))
        #expect(plan.protects("properties.buyers[].mail", ofEvent: "order"))
        #expect(!plan.protects("properties.buyers[].mail", ofEvent: "other"))
        let (book, tally) = (DriftBook(), DriftTally())
        let event = #"{"event":"x","context":{"traits":{"a":"a@b.example"},"ip":"192.0.2.7"}}"#
        note(event, in: tally, plan: plan, line: 1)
        tally.move(to: book)
        let personal = book.sorted.filter { $0.key.kind == .personal }
        #expect(personal.map(\.key.path.text) == ["context.ip"])
    }

    @Test(arguments: [
        ("order completed", "Order Completed"), ("Order Complete", "Order Completed"),
        ("OrderCompleted", "Order Completed"), ("Cart Viewed", nil), ("", nil),
    ])
    func theNearestNameIsTold(name: String, expected: String?) throws {
        var plan = PlanDefinition()
        plan.events = ["Order Completed", "Order Cancelled"].map(PlanDefinition.Event.init)
        let key = DriftBook.Key(event: name, path: "", kind: .unplannedEvent, source: 0)
        #expect(NearestPlanned(plan).name(for: key) == expected)
    }
}
