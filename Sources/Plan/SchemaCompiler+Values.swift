import Events

/// Reads the values of keywords.
extension SchemaCompiler {
    static let typeNames: [(name: String, bit: UInt8)] = [
        ("null", 1), ("boolean", 2), ("object", 4), ("array", 8), ("string", 16), ("number", 32),
        ("integer", 64),
    ]

    func types(_ value: SchemaValue) throws(SchemaError) -> UInt8 {
        var types: UInt8 = 0
        let names: [SchemaValue]
        if case .array(let elements) = value.content { names = elements } else { names = [value] }
        for name in names {
            guard let known = Self.typeNames.first(where: { $0.name == name.string }) else {
                let all = Self.typeNames.map(\.name).joined(separator: ", ")
                throw SchemaError(line: name.line, "type \(name.json): the types are \(all)")
            }
            types |= known.bit
        }
        return types
    }

    func list(_ value: SchemaValue, _ name: String) throws(SchemaError) -> [SchemaValue] {
        guard case .array(let elements) = value.content else {
            throw SchemaError(line: value.line, "\(name) is a list, found \(value.typeName)")
        }
        return elements
    }

    func object(_ member: SchemaValue.Member) throws(SchemaError) -> [SchemaValue.Member] {
        guard case .object(let members) = member.value.content else {
            throw SchemaError(
                line: member.line,
                "\(member.name) is an object, found \(member.value.typeName)"
            )
        }
        return members
    }

    func string(_ member: SchemaValue.Member) throws(SchemaError) -> String {
        guard let text = member.value.string else {
            throw SchemaError(
                line: member.line,
                "\(member.name) is a string, found \(member.value.typeName)"
            )
        }
        return text
    }

    func boolean(_ member: SchemaValue.Member) throws(SchemaError) -> Bool {
        guard case .boolean(let value) = member.value.content else {
            throw SchemaError(
                line: member.line,
                "\(member.name) is true or false, found \(member.value.typeName)"
            )
        }
        return value
    }

    /// A number of things; one that no value can have is the same as the greatest.
    func count(_ member: SchemaValue.Member) throws(SchemaError) -> UInt32 {
        guard case .number(let text) = member.value.content, let number = Double(text),
            number >= 0, number == number.rounded(.towardZero)
        else {
            throw SchemaError(
                line: member.line,
                "\(member.name) is a whole number from 0 on, found \(member.value.json)"
            )
        }
        return UInt32(clamping: Int(min(number, 1e15)))
    }
}
