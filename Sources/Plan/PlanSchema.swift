import Events

/// A plan as one JSON Schema (2020-12) of an event: by its name, it must be what the plan says.
package struct PlanSchema {
    /// The document as JSON.
    package let json: String

    /// - Throws: if the schema of an event cannot be a part of a larger one.
    package init(_ plan: PlanDefinition) throws(SchemaError) {
        var definitions: [SchemaValue.Member] = []
        var choices: [SchemaValue] = []
        for event in plan.events {
            definitions.append(Self.member(event.name, try Self.schema(of: event, in: plan)))
            choices.append(Self.choice(of: event))
        }
        let unplanned = Self.schema(of: Self.tree(plan.common), closes: false)
        json =
            Self.object([
                ("$schema", Self.text("https://json-schema.org/draft/2020-12/schema")),
                ("title", Self.text(plan.name)),
                ("$comment", Self.text("version \(plan.version)")), ("type", Self.text("object")),
                ("$defs", SchemaValue(.object(definitions), line: 1)),
                ("allOf", SchemaValue(.array([unplanned] + choices), line: 1)),
            ]).json + "\n"
    }

    /// An event of that name meets its definition; the name is `event`, else `type`.
    private static func choice(of event: PlanDefinition.Event) -> SchemaValue {
        func has(_ key: String, _ rule: SchemaValue) -> [(String, SchemaValue)] {
            [
                ("properties", object([(key, rule)])),
                ("required", SchemaValue(.array([text(key)]), line: 1)),
            ]
        }
        let name = object([("const", text(event.name))])
        let isNamed = object([("type", text("string")), ("minLength", number("1"))])
        let condition = object([
            (
                "anyOf",
                SchemaValue(
                    .array([
                        object(has("event", name)),
                        object(has("type", name) + [("not", object(has("event", isNamed)))]),
                    ]),
                    line: 1
                )
            )
        ])
        // RFC 6901 in a URI fragment.
        let place = event.name.utf8.reduce("") { text, byte in
            let scalar = UnicodeScalar(byte)
            if byte == UInt8(ascii: "~") { return text + "~0" }
            if byte == UInt8(ascii: "/") { return text + "~1" }
            if byte < 0x80, scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                return text + String(Character(scalar))
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return text + "%" + (digits.count == 1 ? "0" : "") + digits
        }
        return object([
            ("if", condition), ("then", object([("$ref", text("#/$defs/\(place)"))])),
        ])
    }

    private static func schema(
        of event: PlanDefinition.Event,
        in plan: PlanDefinition
    ) throws(SchemaError) -> SchemaValue {
        let container = EventPath.Step.member(MemberName(event.container))
        var tree = PathTree()
        for property in event.properties {
            tree.add(
                PlannedProperty(path: property.path.below(event.container), rule: property.rule)
            )
        }
        if event.properties.contains(where: { $0.rule.isRequired }) {
            tree.required.insert(MemberName(event.container))
        }
        tree.change(at: [container]) { $0.close() }
        let closes = plan.verdicts.unplannedProperty > .allow
        var members = schema(of: tree, closes: closes).members
        if !event.description.isEmpty {
            members.insert(member("description", text(event.description)), at: 0)
        }
        if let own = event.schema {
            let json = own.json
            guard !json.contains("\"$ref\""), !json.contains("\"$schema\"") else {
                throw SchemaError(
                    line: own.line,
                    "event '\(event.name)': a schema with $ref or $schema cannot be a part of another"
                )
            }
            members.append(
                member(
                    "allOf",
                    SchemaValue(
                        .array([object([("properties", object([(event.container, own)]))])]),
                        line: 1
                    )
                )
            )
        }
        return SchemaValue(.object(members), line: 1)
    }

    private static func tree(_ properties: [PlannedProperty]) -> PathTree {
        var tree = PathTree()
        for property in properties { tree.add(property) }
        return tree
    }

    /// - `closes`: whether members that are not described are violations.
    private static func schema(of tree: PathTree, closes: Bool) -> SchemaValue {
        var members: [(String, SchemaValue)] = []
        if let rule = tree.rule {
            members += keywords(of: rule)
        } else if tree.isPlannedObject {
            members.append(("type", text("object")))
        }
        let known = tree.members.sorted { left, right in
            left.key.text.utf8.lexicographicallyPrecedes(right.key.text.utf8)
        }
        if !known.isEmpty {
            let properties = known.map { member($0.key.text, schema(of: $0.value, closes: closes)) }
            members.append(("properties", SchemaValue(.object(properties), line: 1)))
        }
        if !tree.required.isEmpty {
            let names = tree.required.map(\.text).sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
            members.append(("required", SchemaValue(.array(names.map(text)), line: 1)))
        }
        if tree.isClosed, closes {
            members.append(("additionalProperties", SchemaValue(.boolean(false), line: 1)))
        }
        if let elements = tree.elements.first {
            members.append(("items", schema(of: elements, closes: closes)))
        }
        return object(members)
    }

    private static func keywords(of rule: PropertyRule) -> [(String, SchemaValue)] {
        var members: [(String, SchemaValue)] = []
        if let description = rule.description { members.append(("description", text(description))) }
        if rule.types != 127 {
            let names = SchemaCompiler.typeNames.filter { rule.types & $0.bit != 0 }
                .map { text($0.name) }
            members.append(
                ("type", names.count == 1 ? names[0] : SchemaValue(.array(names), line: 1))
            )
        }
        if !rule.values.isEmpty {
            members.append(("enum", SchemaValue(.array(rule.values), line: 1)))
        }
        members += rule.limits.map { ($0.key, number($0.number)) }
        if let pattern = rule.pattern { members.append(("pattern", text(pattern.text))) }
        if let format = rule.format { members.append(("format", text(format))) }
        return members
    }

    private static func member(_ name: String, _ value: SchemaValue) -> SchemaValue.Member {
        SchemaValue.Member(name: name, line: 1, value: value)
    }

    private static func object(_ members: [(String, SchemaValue)]) -> SchemaValue {
        SchemaValue(.object(members.map { member($0.0, $0.1) }), line: 1)
    }

    private static func text(_ text: String) -> SchemaValue { SchemaValue(.string(text), line: 1) }

    private static func number(_ text: String) -> SchemaValue {
        SchemaValue(.number(text), line: 1)
    }
}
