import Events

/// Reads the keywords of one schema.
extension SchemaCompiler {
    mutating func read(_ draft: inout SchemaDraft) throws(SchemaError) {
        let schema = draft.schema
        for member in schema.members where dialect.unsupported.contains(member.name) {
            throw unsupported(member, draft)
        }
        try refuseIdentity(draft)
        if let reference = schema["$ref"] {
            let target = try self.reference(reference)
            builder.append(target, to: .allOf, of: draft.node)
            draft.inPlace.append(target)
            // Before 2019 a reference was alone: keywords beside it were ignored.
            if dialect == .draft7 { return }
        }
        for member in schema.members { try read(member, &draft) }
        try readArrays(&draft)
        try readAdditional(&draft)
        try readCondition(&draft)
    }

    private func unsupported(_ member: SchemaValue.Member, _ draft: SchemaDraft) -> SchemaError {
        SchemaError(
            line: member.line,
            "\(draft.pointer): \(member.name) is not supported in draft \(dialect.rawValue)"
        )
    }

    /// Refuses keywords that name a part of the document.
    private func refuseIdentity(_ draft: SchemaDraft) throws(SchemaError) {
        let isRoot = draft.pointer.tokens.isEmpty
        for member in draft.schema.members {
            let isName = member.name == "$id" || member.name == "id" && dialect == .draft7
            if isName, !isRoot, member.value.string != nil { throw unsupported(member, draft) }
            if member.name == "$schema", !isRoot { throw unsupported(member, draft) }
        }
    }

    /// Reads a keyword whose meaning depends on no other.
    private mutating func read(
        _ member: SchemaValue.Member,
        _ draft: inout SchemaDraft
    ) throws(SchemaError) {
        let value = member.value
        switch member.name {
        case "type": draft.rules.types = try types(value)
        case "enum": try accept(try list(value, member.name), draft)
        case "const": try accept([value], draft)
        case "minLength": draft.rules.length.least = try count(member)
        case "maxLength": draft.rules.length.most = try count(member)
        case "minItems": draft.rules.items.least = try count(member)
        case "maxItems": draft.rules.items.most = try count(member)
        case "minProperties": draft.rules.members.least = try count(member)
        case "maxProperties": draft.rules.members.most = try count(member)
        case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
            try bound(member, draft)
        case "uniqueItems": draft.rules.hasUniqueItems = try boolean(member)
        case "pattern": draft.rules.pattern = try pattern(value, try string(member))
        case "format":
            if let format = Self.formats[try string(member)], checksFormats {
                draft.rules.format = format
            }
        case "required": try require(member, draft)
        case "properties": try properties(member, draft)
        case "patternProperties": try patternProperties(member, draft)
        case "propertyNames": draft.rules.namesNode = try child(member, draft)
        case "allOf": try children(member, as: .allOf, &draft)
        case "anyOf": try children(member, as: .anyOf, &draft)
        case "oneOf": try children(member, as: .oneOf, &draft)
        case "not":
            draft.rules.negated = try child(member, draft)
            draft.inPlace.append(draft.rules.negated)
        case "dependencies", "dependentRequired", "dependentSchemas":
            try dependencies(member, &draft)
        default: break
        }
    }

    static var formats: [String: UInt8] {
        [
            "date-time": 1, "date": 2, "time": 3, "uuid": 4, "uri": 5, "email": 6, "ipv4": 7,
            "ipv6": 8, "hostname": 9,
        ]
    }

    private func accept(_ values: [SchemaValue], _ draft: SchemaDraft) throws(SchemaError) {
        guard values.count <= 1000 else {
            throw SchemaError(line: draft.schema.line, "enum has at most 1000 values")
        }
        if values.isEmpty { return builder.append(never(), to: .allOf, of: draft.node) }
        // Of two lists of values both must have the value.
        let isSecond = draft.schema["enum"] != nil && draft.schema["const"] != nil
        let node = isSecond ? builder.add() : draft.node
        if isSecond { builder.append(node, to: .allOf, of: draft.node) }
        for value in values where !builder.accept(value.json, by: node) {
            throw SchemaError(line: value.line, "a value of enum or const is nested too deep")
        }
    }

    private func never() -> UInt32 {
        let node = builder.add()
        var rules = NodeRules()
        rules.isNever = true
        builder.define(node, rules)
        return node
    }

    private func bound(_ member: SchemaValue.Member, _ draft: SchemaDraft) throws(SchemaError) {
        let kind: PlanBuilder.Bound
        switch member.name {
        case "minimum":
            // Draft-04 says with a boolean whether the bound itself is excluded.
            kind = isTrue(draft.schema["exclusiveMinimum"]) ? .exclusiveMinimum : .minimum
        case "maximum":
            kind = isTrue(draft.schema["exclusiveMaximum"]) ? .exclusiveMaximum : .maximum
        case "exclusiveMinimum": kind = .exclusiveMinimum
        case "exclusiveMaximum": kind = .exclusiveMaximum
        default: kind = .multipleOf
        }
        if case .boolean = member.value.content, member.name.hasPrefix("exclusive"),
            dialect == .draft7
        {
            return
        }
        guard case .number(let text) = member.value.content else {
            throw SchemaError(
                line: member.line,
                "\(member.name) is a number, found \(member.value.typeName)"
            )
        }
        let isPositive =
            !text.hasPrefix("-")
            && text.prefix { $0 != "e" && $0 != "E" }
                .contains { $0 >= "1" && $0 <= "9" }
        guard kind != .multipleOf || isPositive else {
            throw SchemaError(line: member.line, "multipleOf is greater than 0")
        }
        guard builder.bound(kind, text, of: draft.node) else {
            throw SchemaError(line: member.line, "multipleOf has at most 18 digits")
        }
    }

    private func isTrue(_ value: SchemaValue?) -> Bool {
        if case .boolean(true)? = value?.content { true } else { false }
    }

    private func require(_ member: SchemaValue.Member, _ draft: SchemaDraft) throws(SchemaError) {
        // Draft-03 had a boolean here.
        for name in try list(member.value, member.name) {
            guard let text = name.string else {
                throw SchemaError(line: name.line, "required is a list of names")
            }
            guard builder.require(text, of: draft.node) else { throw tooManyNames(name.line) }
        }
    }

    private func tooManyNames(_ line: Int) -> SchemaError {
        SchemaError(line: line, "an object has at most 64 required members")
    }

    private mutating func properties(
        _ member: SchemaValue.Member,
        _ draft: SchemaDraft
    ) throws(SchemaError) {
        let properties = try object(member)
        guard properties.count <= 1024 else {
            throw SchemaError(line: member.line, "an object has at most 1024 properties")
        }
        for property in properties {
            let pointer = draft.pointer.appending(member.name, property.name)
            builder.member(
                property.name,
                of: draft.node,
                is: try node(property.value, at: pointer)
            )
        }
    }

    private mutating func patternProperties(
        _ member: SchemaValue.Member,
        _ draft: SchemaDraft
    ) throws(SchemaError) {
        for property in try object(member) {
            let number = try pattern(property.value, property.name)
            let pointer = draft.pointer.appending(member.name, property.name)
            let child = try node(property.value, at: pointer)
            builder.members(matching: number, of: draft.node, are: child)
        }
    }

    private mutating func dependencies(
        _ member: SchemaValue.Member,
        _ draft: inout SchemaDraft
    ) throws(SchemaError) {
        for entry in try object(member) {
            if case .array(let names) = entry.value.content, member.name != "dependentSchemas" {
                for name in names {
                    guard let text = name.string else {
                        throw SchemaError(line: name.line, "\(member.name) has lists of names")
                    }
                    guard builder.depend(entry.name, of: draft.node, needs: text) else {
                        throw tooManyNames(name.line)
                    }
                }
                continue
            }
            guard member.name != "dependentRequired" else {
                throw SchemaError(line: entry.line, "dependentRequired has lists of names")
            }
            let pointer = draft.pointer.appending(member.name, entry.name)
            let child = try node(entry.value, at: pointer)
            draft.inPlace.append(child)
            guard builder.depend(entry.name, of: draft.node, checks: child) else {
                throw tooManyNames(entry.line)
            }
        }
    }

    private mutating func readCondition(_ draft: inout SchemaDraft) throws(SchemaError) {
        guard let condition = draft.schema["if"] else { return }
        guard draft.schema["then"] != nil || draft.schema["else"] != nil else { return }
        draft.rules.condition = try node(condition, at: draft.pointer.appending("if"))
        draft.inPlace.append(draft.rules.condition)
        if let consequent = draft.schema["then"] {
            draft.rules.consequent = try node(consequent, at: draft.pointer.appending("then"))
            draft.inPlace.append(draft.rules.consequent)
        }
        if let alternative = draft.schema["else"] {
            draft.rules.alternative = try node(alternative, at: draft.pointer.appending("else"))
            draft.inPlace.append(draft.rules.alternative)
        }
    }

    private mutating func readAdditional(_ draft: inout SchemaDraft) throws(SchemaError) {
        guard let value = draft.schema["additionalProperties"] else { return }
        if case .boolean(let isOpen) = value.content {
            draft.rules.isClosed = !isOpen
        } else {
            draft.rules.additionalNode = try node(
                value,
                at: draft.pointer.appending("additionalProperties")
            )
        }
    }

    /// Reads the keywords about elements, whose meaning depends on the dialect.
    private mutating func readArrays(_ draft: inout SchemaDraft) throws(SchemaError) {
        let schema = draft.schema
        var rest = schema["items"].map { ("items", $0) }
        if dialect == .draft7, let items = schema["items"], case .array(let list) = items.content {
            try prefix(list, named: "items", of: draft)
            rest = schema["additionalItems"].map { ("additionalItems", $0) }
        }
        if let prefixItems = schema["prefixItems"] {
            try prefix(try list(prefixItems, "prefixItems"), named: "prefixItems", of: draft)
        }
        if let (name, value) = rest {
            draft.rules.itemsNode = try node(value, at: draft.pointer.appending(name))
        }
        guard let contains = schema["contains"] else { return }
        draft.rules.containsNode = try node(contains, at: draft.pointer.appending("contains"))
        for member in schema.members where member.name == "minContains" {
            draft.rules.contains.least = try count(member)
        }
        for member in schema.members where member.name == "maxContains" {
            draft.rules.contains.most = try count(member)
        }
    }

    private mutating func prefix(
        _ list: [SchemaValue],
        named name: String,
        of draft: SchemaDraft
    ) throws(SchemaError) {
        for (index, value) in list.enumerated() {
            let child = try node(value, at: draft.pointer.appending(name, String(index)))
            builder.append(child, to: .prefixItems, of: draft.node)
        }
    }

    private mutating func child(
        _ member: SchemaValue.Member,
        _ draft: SchemaDraft
    ) throws(SchemaError) -> UInt32 {
        try node(member.value, at: draft.pointer.appending(member.name))
    }

    private mutating func children(
        _ member: SchemaValue.Member,
        as list: PlanBuilder.List,
        _ draft: inout SchemaDraft
    ) throws(SchemaError) {
        let values = try self.list(member.value, member.name)
        guard !values.isEmpty else {
            throw SchemaError(line: member.line, "\(member.name) has at least one schema")
        }
        for (index, value) in values.enumerated() {
            let child = try node(value, at: draft.pointer.appending(member.name, String(index)))
            builder.append(child, to: list, of: draft.node)
            draft.inPlace.append(child)
        }
    }
}
