import Foundation
import Plan
import PlanFiles
import TestSupport
import Testing

/// What `touchpointctl plan check` finds in a folder.
@Suite struct PlanFolderTests {
    private static let plan = """
        plan: shop
        version: 12
        owners: { marketing: ana@shop.example, it: bo@shop.example }
        timezone: Europe/Berlin
        identities: [userId, context.traits.email]
        verdicts: { missingProperty: quarantine, rule: annotate }
        common:
          messageId: { type: string, required: true }
        """
    private static let glossary = """
        money: { type: number, minimum: 0, unit: currency }
        email: { type: string, format: email, privacy: hash, not: [e-mail, msgemail] }
        """
    private static let event = """
        event: Order Completed
        description: A customer has paid.
        owner: marketing
        status: live
        properties:
          order_id: { type: string, required: true }
          total: { use: money, required: true }
          currency: { type: string, values: [EUR, USD] }
          products[]: { type: object, required: true }
          products[].sku: { type: string, pattern: "^[A-Z]+$" }
          coupon: { type: [string, "null"], maxLength: 32 }
        schema: { anyOf: [{ required: [coupon] }, { required: [total] }] }
        """

    private func read(_ files: [String: String]) throws -> PlanFolder.Result {
        try TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(
                atPath: folder + "/events",
                withIntermediateDirectories: true
            )
            for (name, text) in files {
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            return PlanFolder.read(folder)
        }
    }

    private func problems(event: String) throws -> [String] {
        try read([
            "plan.yaml": Self.plan, "glossary.yaml": Self.glossary, "events/e.yaml": event,
        ]).problems.map(\.description)
    }

    @Test func readsWholePlan() throws {
        let result = try read([
            "plan.yaml": Self.plan, "glossary.yaml": Self.glossary, "events/o.yaml": Self.event,
        ])
        #expect(result.problems == [])
        #expect(result.plan.name == "shop")
        #expect(result.plan.version == 12)
        #expect(result.plan.verdicts.missingProperty == .quarantine)
        #expect(result.plan.identities.count == 2)
        let event = try #require(result.plan.events.first)
        #expect(event.properties.count == 6)
        #expect(event.properties[1].rule.term == "money")
        #expect(event.properties[1].rule.isRequired)
        #expect(event.properties[1].rule.bounds.count == 1)
    }

    @Test(arguments: [
        ("  a: { typo: string }", "events/e.yaml:5: unknown key 'typo'; the keys are"),
        ("  a: { type: text }", #"events/e.yaml:5: type "text": the types are"#),
        ("  a: { use: mony }", #"events/e.yaml:5: use: the glossary has no term "mony""#),
        (
            "  a: { type: number, minimum: 3, maximum: 2 }",
            "events/e.yaml:5: minimum is above maximum"
        ),
        ("  a: { type: string, minLength: 3, maxLength: 2 }", "minLength is above maxLength"),
        ("  a: { type: string, values: [yes, 1] }", "events/e.yaml:5: the value 1 has none of"),
        ("  a: { type: number, pattern: x }", "events/e.yaml:5: pattern says nothing about"),
        (
            "  a: { type: string, pattern: \"(?=x)\" }",
            "events/e.yaml:5: pattern '(?=x)': look-around"
        ),
        (
            "  a: { type: string, format: colour }",
            "events/e.yaml:5: format 'colour' is not checked"
        ),
        ("  a: { type: string }\n  a: { type: number }", "events/e.yaml:"),
        (
            "  a: { type: string }\n  \"a\\\\.b\": { type: number }\nstatus: alive",
            ":7: status: expected"
        ),
        ("  a: x", "events/e.yaml:5: expected a property such as"),
        (
            "  a: { type: string, required: on }",
            "events/e.yaml:5: required: expected true or false"
        ),
        ("  a..b: { type: string }", "events/e.yaml:5: path 'a..b': a name is missing"),
        (
            "  a: {}\nschema: { unevaluatedItems: false }",
            "events/e.yaml:6: #: unevaluatedItems is not"
        ),
        ("  a: &x {}", "events/e.yaml:5: anchors (&name)"),
    ])
    func refusesWithFileAndLine(_ properties: String, _ expected: String) throws {
        let head = "event: E\ndescription: It happens.\nowner: it\nproperties:\n"
        let found = try problems(event: head + properties)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test func refusesUnknownOwnerAndMissingName() throws {
        #expect(
            try problems(event: "event: E\nowner: bob\ndescription: x") == [
                "events/e.yaml:2: owner: expected one of the plan's owners: marketing, it"
            ]
        )
        #expect(
            try problems(event: "owner: it") == [
                "events/e.yaml:1: 'event' is missing: the event's exact name"
            ]
        )
    }

    @Test func missingPlanIsProblem() throws {
        let result = try read([:])
        #expect(!result.isUsable)
        #expect(
            result.problems.map(\.description) == [
                "plan.yaml: cannot be read: No such file or directory"
            ]
        )
    }

    @Test func warnsOfNearDuplicateNamesAndUnprotectedOnes() throws {
        let result = try read([
            "plan.yaml": Self.plan, "glossary.yaml": Self.glossary,
            "events/a.yaml": """
            event: Order Completed
            description: Paid.
            owner: it
            properties:
              site id: { type: string }
              msgemail: { type: string, privacy: hash }
            """,
            "events/b.yaml": """
            event: order_completed
            owner: it
            properties:
              siteId: { type: string }
              user.firstName: { type: string }
            """,
        ])
        #expect(result.isUsable)
        #expect(
            result.problems.map(\.description) == [
                "events/a.yaml:6: warning: property 'msgemail': the glossary calls it 'email'",
                "events/b.yaml:1: warning: event 'order_completed' is spelled 'Order Completed'"
                    + " in events/a.yaml:1",
                "events/b.yaml:1: warning: event 'order_completed' has no 'description':"
                    + " when is it sent?",
                "events/b.yaml:4: warning: property 'siteId' is spelled 'site id' in events/a.yaml:5",
                "events/b.yaml:5: warning: property 'user.firstName' looks like personal data"
                    + " and has no 'privacy'",
            ]
        )
    }

    @Test(arguments: [
        ("yes", "string"), ("on", "string"), ("1_000", "string"), ("0x1F", "string"),
        ("2026-11-22", "string"), ("012", "string"), ("1.", "string"), ("'1'", "string"),
        ("true", "boolean"), ("~", "null"), ("-1.5e3", "number"), ("0", "number"),
    ])
    func onlyWhatJSONWritesIsNoText(_ yaml: String, _ type: String) throws {
        let value = try YAMLValue.parse(Array("a: \(yaml)".utf8), file: "f")
        let found = try #require(value["a"])
        #expect(found.typeName.hasSuffix(type))
    }
}
