/// A value of a JSON or YAML document, with the line where it begins.
///
/// Schemas are read into this; events never are.
package struct SchemaValue: Sendable {
    package enum Content: Sendable {
        case null
        case boolean(Bool)
        /// As it is written.
        case number(String)
        case string(String)
        case array([SchemaValue])
        case object([Member])
    }

    package struct Member: Sendable {
        package let name: String
        package let line: Int
        package let value: SchemaValue

        package init(name: String, line: Int, value: SchemaValue) {
            self.name = name
            self.line = line
            self.value = value
        }
    }

    package let content: Content
    /// Counted from 1.
    package let line: Int

    package init(_ content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// The members of an object, none of another value.
    package var members: [Member] {
        guard case .object(let members) = content else { return [] }
        return members
    }

    package var isObject: Bool {
        if case .object = content { true } else { false }
    }

    package var string: String? {
        guard case .string(let string) = content else { return nil }
        return string
    }

    /// The member of that name; names are compared by their bytes.
    package subscript(name: String) -> SchemaValue? {
        members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// What the value is, for messages.
    package var typeName: String {
        switch content {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The value as JSON.
    package var json: String {
        switch content {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let string): Self.quoted(string)
        case .array(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.map { Self.quoted($0.name) + ":" + $0.value.json }.joined(separator: ",")
                + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
