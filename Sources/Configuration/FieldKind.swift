import Terminal
import Yams

/// A type of value in the configuration: how it is read from a YAML node and printed again.
struct FieldKind<Value> {
    /// Reads and checks; the complaint does not name the key.
    let read: (Node, EnvironmentSubstitution) throws(Complaint) -> Value
    /// YAML that `read` turns into the same value.
    let print: (Value) -> String

    /// A kind that is written as one scalar.
    ///
    /// `expected` completes "expected …" and has an example; `parse` returns nil for text of
    /// another type, and complains about an impossible value.
    static func scalar(
        expected: String,
        parse: @escaping (String) throws(Complaint) -> Value?,
        print: @escaping (Value) -> String
    ) -> FieldKind {
        FieldKind(
            read: { (node, substitution) throws(Complaint) in
                guard case .scalar(let scalar) = node, !node.isNothing else {
                    throw Complaint("expected \(expected), found \(node.kindOfValue)")
                }
                let text = try substitution.apply(to: scalar.string)
                guard let value = try parse(text) else {
                    throw Complaint("expected \(expected), found '\(text)'")
                }
                return value
            },
            print: print
        )
    }
}

extension FieldKind where Value == String {
    /// A text that `check` may refuse.
    static func text(
        expected: String,
        check: @escaping (String) throws(Complaint) -> Void
    ) -> FieldKind {
        .scalar(
            expected: expected,
            parse: { (text) throws(Complaint) in
                try check(text)
                return text
            },
            print: quoted
        )
    }

    /// A name of a node or source.
    static func name(example: String) -> FieldKind {
        .text(expected: "a name such as \(example)") { (text) throws(Complaint) in
            let isSafe = text.unicodeScalars.allSatisfy(Settings.isNameScalar)
            guard isSafe, (1...64).contains(text.unicodeScalars.count), !text.hasPrefix(".") else {
                throw Complaint(
                    "'\(text)' is no name: 1 to 64 letters, digits, '.', '_' and '-',"
                        + " not starting with '.'"
                )
            }
        }
    }
}

extension FieldKind where Value == [String] {
    /// A list of texts, each of which `check` may refuse.
    static func list(
        example: String,
        check: @escaping (String) throws(Complaint) -> Void
    ) -> FieldKind {
        FieldKind(
            read: { (node, substitution) throws(Complaint) in
                guard case .sequence(let elements) = node else {
                    throw Complaint(
                        "expected a list such as \(example), found \(node.kindOfValue)"
                    )
                }
                return try readElements(elements, with: substitution, check: check)
            },
            print: { "[" + $0.map(quoted).joined(separator: ", ") + "]" }
        )
    }

    private static func readElements(
        _ elements: Node.Sequence,
        with substitution: EnvironmentSubstitution,
        check: (String) throws(Complaint) -> Void
    ) throws(Complaint) -> [String] {
        var values: [String] = []
        var reasons: [Complaint.Reason] = []
        for element in elements {
            do throws(Complaint) {
                guard case .scalar(let scalar) = element, !element.isNothing else {
                    throw Complaint("expected a text in this list, found \(element.kindOfValue)")
                }
                let text = try substitution.apply(to: scalar.string)
                try check(text)
                values.append(text)
            } catch {
                let line = element.mark?.line
                reasons += error.reasons.map { .init(line: $0.line ?? line, text: $0.text) }
            }
        }
        guard reasons.isEmpty else { throw Complaint(reasons) }
        return values
    }
}

extension FieldKind
where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
    /// One of the names of an enumeration.
    static var choice: FieldKind {
        .scalar(
            expected: "one of \(names.joined(separator: ", "))",
            parse: { (text) throws(Complaint) in
                if let value = Value(rawValue: text) { return value }
                let hint = NearestName.of(text, among: names).map { ", did you mean '\($0)'?" }
                throw Complaint(
                    "unknown value '\(text)', expected one of \(names.joined(separator: ", "))"
                        + (hint ?? "")
                )
            },
            print: \.rawValue
        )
    }

    private static var names: [String] {
        Value.allCases.map(\.rawValue)
    }
}

extension Node {
    /// The kind of a value, for a message.
    var kindOfValue: String {
        switch self {
        case .scalar(let scalar): isNothing ? "nothing" : "'\(scalar.string)'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        }
    }

    /// A key without a value, `~` or `null`.
    var isNothing: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else {
            return false
        }
        return ["", "~", "null"].contains(scalar.string)
    }
}

/// `text` as a double-quoted YAML scalar that survives `EnvironmentSubstitution` unchanged.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.replacing("${", with: "$${").unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{A0}", "\u{2028}", "\u{2029}", "\u{FEFF}":
            let digits = String(scalar.value, radix: 16, uppercase: true)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
