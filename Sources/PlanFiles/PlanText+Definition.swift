package import Plan

/// Writes a plan that was made of something else.
extension PlanText {
    package init(_ plan: PlanDefinition, about comment: String) {
        var text = "# \(comment)\nplan: \(YAMLScalar.text(plan.name))\nversion: \(plan.version)\n"
        if plan.verdicts != PlanVerdicts() { text += Self.verdicts(of: plan.verdicts) }
        text += Self.whole(plan.common, under: "common")
        var files = [File(name: "plan.yaml", text: text)]
        var used: Set<String> = []
        for event in plan.events {
            let name = Self.fileName(of: event.name, used: &used)
            files.append(File(name: "events/\(name).yaml", text: Self.text(of: event)))
        }
        self.init(files: files)
    }

    private static func verdicts(of verdicts: PlanVerdicts) -> String {
        [
            ("unplannedEvent", verdicts.unplannedEvent),
            ("unplannedProperty", verdicts.unplannedProperty),
            ("missingProperty", verdicts.missingProperty), ("wrongType", verdicts.wrongType),
            ("rule", verdicts.rule),
        ].reduce("verdicts:\n") { $0 + "  \($1.0): \($1.1.rawValue)\n" }
    }

    private static func text(of event: PlanDefinition.Event) -> String {
        var text = "event: \(YAMLScalar.text(event.name))\n"
        if !event.description.isEmpty {
            text += "description: \(YAMLScalar.quoted(event.description))\n"
        }
        text += whole(event.properties, under: "properties")
        if let schema = event.schema { text += "schema: \(flow(schema))\n" }
        return text
    }

    private static func whole(_ properties: [PlannedProperty], under key: String) -> String {
        guard !properties.isEmpty else { return "" }
        return properties.reduce("\(key):\n") { text, property in
            text + "  \(YAMLScalar.text(property.path.description)): \(whole(property.rule))\n"
        }
    }

    /// All that a rule says.
    private static func whole(_ rule: PropertyRule) -> String {
        var parts = ["type: \(YAMLScalar.types(rule.types))"]
        if rule.isRequired { parts.append("required: true") }
        if let format = rule.format { parts.append("format: \(format)") }
        if !rule.values.isEmpty {
            parts.append("values: [\(rule.values.map(flow).joined(separator: ", "))]")
        }
        parts += rule.limits.map { "\($0.key): \($0.number)" }
        for (name, value) in [
            ("pattern", rule.pattern?.text), ("unit", rule.unit), ("privacy", rule.privacy),
            ("description", rule.description),
        ] {
            if let value { parts.append("\(name): \(YAMLScalar.quoted(value))") }
        }
        return "{ \(parts.joined(separator: ", ")) }"
    }

    /// A value on one line.
    private static func flow(_ value: SchemaValue) -> String {
        switch value.content {
        case .string(let text): YAMLScalar.quoted(text)
        case .array(let elements): "[" + elements.map(flow).joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.map { "\(YAMLScalar.quoted($0.name)): \(flow($0.value))" }
                .joined(separator: ", ") + "}"
        case .null, .boolean, .number: value.json
        }
    }
}
