import Events

/// Makes a plan of what other tools have: a tracking plan of Segment or RudderStack, or a JSON Schema
/// of one event.
///
/// What the short form of a plan cannot say stays as the JSON Schema of the event, so nothing is lost.
package struct PlanImport {
    /// What is read.
    package enum Form: String, Sendable, CaseIterable {
        /// Both forms of the plan that Segment's interfaces have.
        case segment
        case rudderstack
        /// A self-describing schema (Iglu).
        case iglu
        case jsonSchema = "json-schema"
    }

    package private(set) var plan = PlanDefinition()
    /// By event of the plan.
    private var schemas: [SchemaValue] = []

    /// - `name`: of the plan, or of the event that a schema describes, if the document has none.
    /// - Throws: if the document is not of that form.
    package init(
        _ document: SchemaValue,
        as form: Form,
        name: String
    ) throws(SchemaError) {
        plan.version = 1
        plan.name = name
        switch form {
        case .segment, .rudderstack: try readEvents(document)
        case .iglu, .jsonSchema:
            let own = document["self"]
            let title = own?["name"]?.string ?? document["title"]?.string ?? name
            try addEvent(
                title,
                described: document["description"]?.string,
                by: document
            )
        }
        describe()
        guard plan.events.count <= PlanReader.eventsMax else {
            throw SchemaError(line: 1, "a plan has at most \(PlanReader.eventsMax) events")
        }
    }

    // MARK: - Events

    private mutating func readEvents(_ document: SchemaValue) throws(SchemaError) {
        let inner = document["data"] ?? document
        let head = inner["trackingPlan"] ?? inner["tracking_plan"] ?? inner
        if let name = (head["display_name"] ?? head["name"])?.string, !name.isEmpty {
            plan.name = name
        }
        let rules = inner["rules"] ?? head["rules"]
        let list = rules?["events"] ?? inner["events"] ?? head["events"] ?? rules
        guard case .array(let events)? = list?.content else {
            throw SchemaError(
                line: document.line,
                "no list of events: expected 'rules' with 'events', or 'events'"
            )
        }
        for event in events { try readEvent(event) }
    }

    private mutating func readEvent(_ event: SchemaValue) throws(SchemaError) {
        let kind = (event["type"] ?? event["eventType"])?.string?.lowercased() ?? "track"
        // What all events have in common has no name in these plans.
        guard ["track", "identify", "group", "page", "screen", "alias"].contains(kind) else {
            return
        }
        let given = (event["key"] ?? event["name"])?.string ?? ""
        let name = kind == "track" || given.isEmpty ? (given.isEmpty ? kind : given) : kind
        let rules = event["jsonSchema"] ?? event["rules"] ?? SchemaValue(.object([]), line: 1)
        let container = PlanDefinition.Event.container(of: name)
        let places = rules["properties"]
        let text = (event["description"] ?? rules["description"])?.string
        // RudderStack's rules may be those of the properties themselves.
        let isWhole =
            places?[container] != nil || places?["context"] != nil
            || places?["traits"] != nil
        let inner = isWhole ? places?[container] : rules
        try addEvent(name, described: text, by: inner ?? SchemaValue(.object([]), line: 1))
    }

    private mutating func addEvent(
        _ name: String,
        described text: String?,
        by schema: SchemaValue
    ) throws(SchemaError) {
        guard !plan.events.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
            throw SchemaError(
                line: schema.line,
                "event '\(name)' is there twice; a plan has one version of it"
            )
        }
        var event = PlanDefinition.Event(name: name)
        event.description = text ?? ""
        plan.events.append(event)
        schemas.append(schema)
    }

    /// Says what the schemas say: as properties where nothing else is accepted, if that is so in all;
    /// else other properties are allowed, and schemas stay that say more than properties can.
    private mutating func describe() {
        let closed = schemas.compactMap { PropertiesOfSchema($0, closes: true)?.properties }
        guard closed.count < schemas.count || schemas.isEmpty else {
            for (at, properties) in closed.enumerated() { plan.events[at].properties = properties }
            return
        }
        plan.verdicts.unplannedProperty = .allow
        for (at, schema) in schemas.enumerated() {
            if let properties = PropertiesOfSchema(schema, closes: false)?.properties {
                plan.events[at].properties = properties
            } else {
                plan.events[at].schema = Self.alone(schema)
            }
        }
    }
}

extension PlanImport {
    /// A schema of draft-07 as one of 2020-12 without identity; where it has keywords of draft-07 alone it
    /// keeps that draft.
    private static func alone(_ schema: SchemaValue) -> SchemaValue {
        var members = schema.members.filter { !["$schema", "$id", "id", "self"].contains($0.name) }
        let json = schema.json
        if json.contains("\"dependencies\":") || json.contains("\"additionalItems\":")
            || json.contains("\"items\":[")
        {
            members.append(
                SchemaValue.Member(
                    name: "$schema",
                    line: schema.line,
                    value: SchemaValue(
                        .string("http://json-schema.org/draft-07/schema#"),
                        line: schema.line
                    )
                )
            )
        }
        return SchemaValue(.object(members), line: schema.line)
    }
}

/// The properties that say the same as a JSON Schema of an object; nil if none do.
struct PropertiesOfSchema {
    private(set) var properties: [PlannedProperty] = []

    private static let annotations: Set<String> = [
        "$schema", "$id", "id", "title", "description", "labels", "examples", "default", "$comment",
    ]

    /// Whether objects with described members have no others.
    private let closes: Bool

    init?(_ schema: SchemaValue, closes: Bool) {
        self.closes = closes
        guard schema.isObject, readMembers(of: schema, at: ""), !properties.isEmpty else {
            return nil
        }
        // A required property without a description would be one more.
        guard properties.count <= PlanReader.propertiesMax else { return nil }
    }

    /// Reads the members of an object; false if they cannot be said as properties.
    private mutating func readMembers(of schema: SchemaValue, at prefix: String) -> Bool {
        var required: [String] = []
        for member in schema.members where member.name != "self" {
            switch member.name {
            case "type":
                guard member.value.string == "object" else { return false }
            case "properties":
                guard member.value.isObject else { return false }
            case "required":
                guard case .array(let names) = member.value.content else { return false }
                required = names.compactMap(\.string)
                guard required.count == names.count else { return false }
            case "additionalProperties":
                guard case .boolean(let isOpen) = member.value.content, isOpen != closes else {
                    return false
                }
            default:
                guard prefix.isEmpty, Self.annotations.contains(member.name) else { return false }
            }
        }
        let known = schema["properties"]?.members ?? []
        if closes, known.isEmpty || schema["additionalProperties"] == nil { return false }
        // A plan's object with required properties is an object; a schema may leave that open.
        guard schema["type"] != nil || (required.isEmpty && prefix.isEmpty) else { return false }
        guard
            required.allSatisfy({ name in
                known.contains { $0.name.utf8.elementsEqual(name.utf8) }
            }), Set(known.map { MemberName($0.name) }).count == known.count
        else { return false }
        for member in known {
            let isRequired = required.contains { $0.utf8.elementsEqual(member.name.utf8) }
            guard !member.name.isEmpty,
                read(member.value, at: prefix + Self.written(member.name), isRequired: isRequired)
            else { return false }
        }
        return true
    }

    private mutating func read(_ schema: SchemaValue, at path: String, isRequired: Bool) -> Bool {
        guard schema.isObject, let place = try? EventPath(path) else { return false }
        var reading = PropertyReading(terms: [:], allowsNot: false)
        var keys: [SchemaValue.Member] = []
        for member in schema.members {
            switch member.name {
            case "enum":
                keys.append(
                    SchemaValue.Member(name: "values", line: member.line, value: member.value)
                )
            case "properties", "required", "additionalProperties":
                // Described members make an object; so it must be nothing else.
                guard schema["type"]?.string == "object" else { return false }
            case "items":
                guard schema["type"]?.string == "array", member.value.isObject else { return false }
            case "type", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
                "pattern", "format", "description":
                keys.append(member)
            default: guard Self.annotations.contains(member.name) else { return false }
            }
        }
        var rule = reading.read(SchemaValue(.object(keys), line: schema.line), line: schema.line)
        guard reading.errors.isEmpty else { return false }
        rule.isRequired = isRequired
        properties.append(PlannedProperty(path: place, rule: rule))
        if schema["properties"] != nil || schema["required"] != nil
            || schema["additionalProperties"] != nil
        {
            let inner = schema.members.filter {
                ["type", "properties", "required", "additionalProperties"].contains($0.name)
            }
            let isRead = readMembers(
                of: SchemaValue(.object(inner), line: schema.line),
                at: path + "."
            )
            guard isRead else { return false }
        }
        guard let items = schema["items"] else { return true }
        return read(items, at: path + "[]", isRequired: false)
    }

    /// The name as a step of a path.
    static func written(_ name: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            if scalar == "." || scalar == "[" || scalar == "*" || scalar == "\\" {
                out.append("\\")
            }
            out.append(scalar)
        }
        return String(out)
    }
}
