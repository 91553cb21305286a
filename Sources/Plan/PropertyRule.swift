package import Events

/// What a plan says about the value of one property.
package struct PropertyRule: Sendable {
    /// The number of the property's types, as in ``NodeRules/types``.
    package var types: UInt8 = 127
    package var isRequired = false
    package var values: [SchemaValue] = []
    package var bounds: [(kind: PlanBuilder.Bound, number: String)] = []
    package var length = NodeRules.Limits()
    package var items = NodeRules.Limits()
    package var pattern: (text: String, line: Int)?
    package var format: String?
    /// For people and for privacy; they decide nothing here.
    package var description: String?
    package var unit: String?
    package var privacy: String?
    /// The term of the glossary that the property uses.
    package var term: String?
    package var line = 1

    package init() {}

    /// The bounds as keys of a plan, which are those of JSON Schema, with their numbers.
    package var limits: [(key: String, number: String)] {
        var limits = bounds.map { (key: "\($0.kind)", number: $0.number) }
        for (name, range) in [("Length", length), ("Items", items)] {
            if range.least > 0 { limits.append(("min\(name)", "\(range.least)")) }
            if range.most < .max { limits.append(("max\(name)", "\(range.most)")) }
        }
        return limits
    }

    /// A text that is the same for rules that check the same.
    var key: String {
        var parts = ["\(types)", format ?? "", pattern?.text ?? ""]
        parts += ["\(length.least)-\(length.most)", "\(items.least)-\(items.most)"]
        parts += values.map(\.json)
        parts += bounds.map { "\($0.kind)\($0.number)" }
        return parts.joined(separator: "\u{1}")
    }
}

/// A property of a plan: where, and what.
package struct PlannedProperty: Sendable {
    package let path: EventPath
    package let rule: PropertyRule

    package init(path: EventPath, rule: PropertyRule) {
        self.path = path
        self.rule = rule
    }
}
