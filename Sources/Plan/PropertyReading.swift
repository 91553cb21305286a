import Events

/// Reads one property of a plan or one term of its glossary.
struct PropertyReading {
    /// The rules of the glossary's terms.
    let terms: [String: PropertyRule]
    /// Whether `not` is a key: only terms have other spellings.
    let allowsNot: Bool
    private(set) var errors: [SchemaError] = []

    init(terms: [String: PropertyRule], allowsNot: Bool) {
        self.terms = terms
        self.allowsNot = allowsNot
    }

    private static let known = [
        "use", "type", "required", "values", "minimum", "maximum", "minLength", "maxLength",
        "minItems", "maxItems", "pattern", "format", "description", "unit", "example", "privacy",
    ]

    mutating func read(_ value: SchemaValue, line: Int) -> PropertyRule {
        var rule = PropertyRule()
        guard value.isObject else {
            refuse(line, "expected a property such as { type: string, required: true }")
            return rule
        }
        if let use = value["use"] {
            if let term = use.string, let known = terms[term] {
                rule = known
                rule.term = term
            } else {
                refuse(use.line, "use: the glossary has no term \(use.json)")
            }
        }
        rule.line = line
        for member in value.members { read(member, &rule) }
        checkContradictions(rule, line)
        return rule
    }

    private mutating func read(_ member: SchemaValue.Member, _ rule: inout PropertyRule) {
        switch member.name {
        case "use", "example": break
        case "type": rule.types = types(member)
        case "required": rule.isRequired = boolean(member)
        case "values": rule.values = values(member)
        case "minimum", "maximum":
            if let number = number(member) {
                let kind: PlanBuilder.Bound = member.name == "minimum" ? .minimum : .maximum
                rule.bounds.removeAll { $0.kind == kind }
                rule.bounds.append((kind, number))
            }
        case "minLength": rule.length.least = count(member)
        case "maxLength": rule.length.most = count(member)
        case "minItems": rule.items.least = count(member)
        case "maxItems": rule.items.most = count(member)
        case "pattern": rule.pattern = text(member).map { ($0, member.line) }
        case "format": rule.format = format(member)
        case "description": rule.description = text(member)
        case "unit": rule.unit = text(member)
        case "privacy": rule.privacy = text(member)
        case "not" where allowsNot: break
        default:
            refuse(
                member.line,
                "unknown key '\(member.name)'; the keys are \(Self.known.joined(separator: ", "))"
            )
        }
    }

    /// Refuses rules that no value meets.
    private mutating func checkContradictions(_ rule: PropertyRule, _ line: Int) {
        if rule.length.least > rule.length.most { refuse(line, "minLength is above maxLength") }
        if rule.items.least > rule.items.most { refuse(line, "minItems is above maxItems") }
        let minimum = rule.bounds.first { $0.kind == .minimum }.flatMap { Double($0.number) }
        let maximum = rule.bounds.first { $0.kind == .maximum }.flatMap { Double($0.number) }
        if let minimum, let maximum, minimum > maximum { refuse(line, "minimum is above maximum") }
        for value in rule.values where rule.types & Self.type(of: value) == 0 {
            refuse(value.line, "the value \(value.json) has none of the property's types")
        }
        let needs: [(has: Bool, types: UInt8, name: String)] = [
            (rule.pattern != nil, 16, "pattern"), (rule.format != nil, 16, "format"),
            (rule.length.least > 0 || rule.length.most < .max, 16, "minLength or maxLength"),
            (!rule.bounds.isEmpty, 96, "minimum or maximum"),
            (rule.items.least > 0 || rule.items.most < .max, 8, "minItems or maxItems"),
        ]
        for need in needs where need.has && rule.types & need.types == 0 {
            refuse(line, "\(need.name) says nothing about a property of this type")
        }
    }

    private static func type(of value: SchemaValue) -> UInt8 {
        switch value.content {
        case .null: 1
        case .boolean: 2
        case .object: 4
        case .array: 8
        case .string: 16
        case .number: 96
        }
    }

    private mutating func types(_ member: SchemaValue.Member) -> UInt8 {
        let names: [SchemaValue]
        if case .array(let elements) = member.value.content {
            names = elements
        } else {
            names = [member.value]
        }
        var types: UInt8 = 0
        for name in names {
            // An unquoted null is the type as well.
            let text: String? = if case .null = name.content { "null" } else { name.string }
            if text == "any" {
                types = 127
            } else if let known = SchemaCompiler.typeNames.first(where: { $0.name == text }) {
                types |= known.bit
            } else {
                let all = SchemaCompiler.typeNames.map(\.name).joined(separator: ", ")
                refuse(name.line, "type \(name.json): the types are \(all), any")
            }
        }
        return types == 0 ? 127 : types
    }

    private mutating func boolean(_ member: SchemaValue.Member) -> Bool {
        if case .boolean(let value) = member.value.content { return value }
        refuse(member.line, "\(member.name): expected true or false")
        return false
    }

    private mutating func values(_ member: SchemaValue.Member) -> [SchemaValue] {
        guard case .array(let values) = member.value.content, !values.isEmpty, values.count <= 1000
        else {
            refuse(member.line, "values: expected a list of 1 to 1000 values")
            return []
        }
        return values
    }

    private mutating func number(_ member: SchemaValue.Member) -> String? {
        if case .number(let text) = member.value.content { return text }
        refuse(member.line, "\(member.name): expected a number, found \(member.value.json)")
        return nil
    }

    private mutating func count(_ member: SchemaValue.Member) -> UInt32 {
        if case .number(let text) = member.value.content, let count = UInt32(text) { return count }
        refuse(member.line, "\(member.name): expected a whole number from 0 on")
        return 0
    }

    private mutating func text(_ member: SchemaValue.Member) -> String? {
        if let text = member.value.string { return text }
        refuse(member.line, "\(member.name): expected a text, found \(member.value.typeName)")
        return nil
    }

    private mutating func format(_ member: SchemaValue.Member) -> String? {
        guard let text = text(member) else { return nil }
        if SchemaCompiler.formats[text] == nil {
            let all = SchemaCompiler.formats.keys.sorted().joined(separator: ", ")
            refuse(member.line, "format '\(text)' is not checked; those that are: \(all)")
        }
        return text
    }

    private mutating func refuse(_ line: Int, _ message: String) {
        errors.append(SchemaError(line: line, message))
    }
}
