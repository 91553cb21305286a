import Events
import Plan
import Testing

/// A plan compiled with wanted paths: verdicts, violations, and the values of slots, in one walk.
@Suite struct CompiledPlanTests {
    private func rule(_ change: (inout PropertyRule) -> Void) -> PropertyRule {
        var rule = PropertyRule()
        change(&rule)
        return rule
    }

    private func property(
        _ path: String,
        types: UInt8 = 127,
        required: Bool = false,
        _ change: (inout PropertyRule) -> Void = { _ in }
    ) throws -> PlannedProperty {
        PlannedProperty(
            path: try EventPath(path),
            rule: rule {
                $0.types = types
                $0.isRequired = required
                change(&$0)
            }
        )
    }

    private func shop() throws -> PlanDefinition {
        var plan = PlanDefinition()
        plan.version = 12
        plan.verdicts.missingProperty = .quarantine
        plan.verdicts.unplannedProperty = .allow
        plan.common = [try property("messageId", types: 16, required: true)]
        var order = PlanDefinition.Event(name: "Order Completed")
        order.properties = [
            try property("total", types: 32, required: true) { $0.bounds = [(.minimum, "0")] },
            try property("currency", types: 16) {
                $0.values = ["EUR", "USD"].map { SchemaValue(.string($0), line: 1) }
            },
            try property("products[]", types: 4, required: true),
            try property("products[].sku", types: 16, required: true) {
                $0.pattern = ("^[A-Z]+$", 1)
            },
            try property("coupon", types: 17) { $0.length.most = 4 },
        ]
        plan.events = [order]
        return plan
    }

    /// What a walk found, as values.
    private struct Found {
        var violations: [String]
        var verdict: PlanVerdict
        var captures: [String]
    }

    private func walk(
        _ event: String,
        named name: String = "Order Completed",
        _ plan: CompiledPlan,
        paths: PathSet = PathSet()
    ) throws -> Found {
        var reader = ValueReader(depthMax: 64)
        var walk = PlanWalk()
        let bytes = Array(event.utf8)
        return bytes.withUnsafeBytes { bytes in
            let offset = reader.read(bytes)
            #expect(offset == nil)
            let root = Array(name.utf8).withUnsafeBytes { plan.root(for: $0) }
            let isDone = walk.run(plan.program, root: root.node, reader.reader, at: reader.start)
            #expect(isDone)
            return Found(
                violations: walk.violations.map(\.description),
                verdict: plan.verdict(walk, isPlanned: root.isPlanned),
                captures: (0..<walk.captureCount).map { index in
                    let capture = walk.capture(index)
                    let value = String(decoding: bytes[capture.range], as: UTF8.self)
                    return "\(paths.paths[Int(capture.slot)]) \(capture.type) \(value)"
                }
            )
        }
    }

    @Test func eventThatMeetsPlanIsAllowed() throws {
        let found = try walk(
            #"{"messageId":"1","properties":{"total":1.5,"products":[{"sku":"A"}],"coupon":null}}"#,
            try CompiledPlan(try shop())
        )
        #expect(found.violations == [])
        #expect(found.verdict == .allow)
    }

    @Test(arguments: [
        (#"{"properties":{"total":1,"products":[]}}"#, "missing messageId", PlanVerdict.quarantine),
        (#"{"messageId":"1"}"#, "missing properties", .quarantine),
        (
            #"{"messageId":"1","properties":{"products":[]}}"#, "missing properties.total",
            .quarantine
        ),
        (
            #"{"messageId":"1","properties":{"total":1,"products":[{"sku":"A"},{}]}}"#,
            "missing properties.products[].sku", .quarantine
        ),
        (
            #"{"messageId":"1","properties":{"total":"1","products":[]}}"#,
            "type properties.total", .annotate
        ),
        (
            #"{"messageId":"1","properties":{"total":1,"products":[1]}}"#,
            "type properties.products[]", .annotate
        ),
        (
            #"{"messageId":"1","properties":{"total":-0.1,"products":[]}}"#,
            "range properties.total", .annotate
        ),
        (
            #"{"messageId":"1","properties":{"total":1,"products":[],"currency":"eur"}}"#,
            "enum properties.currency", .annotate
        ),
        (
            #"{"messageId":"1","properties":{"total":1,"products":[{"sku":"a"}]}}"#,
            "pattern properties.products[].sku", .annotate
        ),
        (
            #"{"messageId":"1","properties":{"total":1,"products":[],"coupon":"abcde"}}"#,
            "length properties.coupon", .annotate
        ),
        (
            #"{"messageId":"1","properties":{"total":1,"products":[],"n\u0065w":0}}"#,
            "unplanned properties.new", .allow
        ),
        (#"{"messageId":"1","properties":7}"#, "type properties", .annotate),
    ])
    func violationHasKindPathAndVerdict(
        _ event: String,
        violation: String,
        verdict: PlanVerdict
    ) throws {
        let found = try walk(event, try CompiledPlan(try shop()))
        #expect(found.violations == [violation])
        #expect(found.verdict == verdict)
    }

    @Test func escapedKeysAndEveryOneOfEqualKeysAreChecked() throws {
        let found = try walk(
            #"{"messageId":"1","properties":{"tot\u0061l":1,"total":"x","products":[],"total":-1}}"#,
            try CompiledPlan(try shop())
        )
        #expect(found.violations == ["type properties.total", "range properties.total"])
    }

    @Test func unplannedEventHasItsVerdict() throws {
        let found = try walk(
            #"{"properties":{"x":1}}"#,
            named: "Other",
            try CompiledPlan(try shop())
        )
        #expect(found.violations == [])
        #expect(found.verdict == .annotate)
    }

    @Test func keepsEightViolationsAndNoValue() throws {
        let members = (0..<12).map { #""secret\#($0)":"value""# }.joined(separator: ",")
        let event = #"{"messageId":"1","properties":{"total":1,"products":[],\#(members)}}"#
        let found = try walk(event, try CompiledPlan(try shop()))
        #expect(found.violations.count == 8)
        #expect(found.violations.allSatisfy { $0.hasPrefix("unplanned properties.secret") })
    }

    @Test(arguments: ["", "x"])
    func longPathIsCutWithinNoCharacter(_ start: String) throws {
        let name = start + String(repeating: "ü", count: 300)
        let event = #"{"messageId":"1","properties":{"total":1,"products":[],"\#(name)":1}}"#
        let found = try walk(event, try CompiledPlan(try shop()))
        let violation = try #require(found.violations.first)
        #expect(violation.hasSuffix("ü..."))
        #expect(violation.utf8.count <= 180)
    }

    @Test func slotsOfAllKindsAreFoundInOneWalk() throws {
        var paths = PathSet()
        for path in [
            "context.ip", "**.email", "context.traits.*", "properties.products[].sku", "userId",
            "properties.total", "properties.products",
        ] { _ = paths.slot(of: try EventPath(path)) }
        #expect(paths.slot(of: try EventPath("userId")) == 4)
        let event = #"""
            {"userId":1,"email":"a","properties":{"products":[{"sku":"A","email":[2]},{"sku":"B"}] ,"total":1},
            "context":{"ip":"::1","traits":{"email":"b","x":{"y":null}},"other":{"\u0065mail":true}}}
            """#
        for plan in [try shop(), PlanDefinition()] {
            let found = try walk(event, try CompiledPlan(plan, wanting: paths), paths: paths)
            #expect(
                found.captures.sorted() == [
                    "**.email 16 \"a\"", "**.email 16 \"b\"", "**.email 2 true", "**.email 8 [2]",
                    "context.ip 16 \"::1\"", "context.traits.* 16 \"b\"",
                    "context.traits.* 4 {\"y\":null}",
                    "properties.products 8 [{\"sku\":\"A\",\"email\":[2]},{\"sku\":\"B\"}]",
                    "properties.products[].sku 16 \"A\"", "properties.products[].sku 16 \"B\"",
                    "properties.total 32 1", "userId 32 1",
                ]
            )
        }
    }

    @Test func slotIsFoundWhereTypeIsWrong() throws {
        var paths = PathSet()
        _ = paths.slot(of: try EventPath("properties.total.email"))
        let event = #"{"messageId":"1","properties":{"total":{"email":"x"},"products":[]}}"#
        let found = try walk(event, try CompiledPlan(try shop(), wanting: paths), paths: paths)
        #expect(found.captures == ["properties.total.email 16 \"x\""])
        #expect(found.violations == ["type properties.total"])
    }

    @Test func schemaOfEventIsOneViolation() throws {
        var plan = try shop()
        plan.events[0].schema = try SchemaText.parse(
            Array(#"{"anyOf":[{"required":["coupon"]},{"required":["currency"]}]}"#.utf8)
        )
        let compiled = try CompiledPlan(plan)
        let event = #"{"messageId":"1","properties":{"total":1,"products":[]}}"#
        #expect(try walk(event, compiled).violations == ["schema properties"])
    }

    @Test(arguments: [
        ("a.b", "a.b"), ("a[].b", "a[].b"), ("a.*", "a.*"), ("**.x", "**.x"),
        ("site id", "site id"),
        (#"a\.b"#, #"a\.b"#), (#"a\*"#, #"a\*"#),
    ])
    func pathIsReadAsWritten(_ text: String, _ expected: String) throws {
        #expect(try EventPath(text).description == expected)
    }

    @Test(arguments: ["", "a.", ".a", "a[", "a]b[]c", "**.a.b", "**.a[]", "[]"])
    func pathWithoutNameIsRefused(_ text: String) {
        #expect(throws: SchemaError.self) { try EventPath(text) }
    }

    @Test func backslashKeepsDotInName() throws {
        #expect(try EventPath(#"a\.b"#) != EventPath("a.b"))
        #expect(try EventPath(#"a\.b"#).steps == [.member(MemberName("a.b"))])
        #expect(try EventPath(#"\*"#).steps == [.member(MemberName("*"))])
    }

    @Test func namesAreComparedByBytes() throws {
        let composed = try EventPath("caf\u{E9}")
        #expect(composed != (try EventPath("cafe\u{301}")))
    }
}
