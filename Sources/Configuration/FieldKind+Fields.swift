import Events
package import Plan
import Terminal
import Yams

extension Settings.Source {
    /// Where its events have their time, name, id and channel.
    package struct Mapping: Sendable, Equatable {
        package var preset: FieldPreset?
        /// What the file says beside the preset.
        package var own = FieldRules()

        /// What counts; nil if nothing is said.
        package var rules: FieldRules? {
            let rules = own.completed(by: preset?.rules ?? FieldRules())
            return rules.isEmpty ? nil : rules
        }
    }
}

extension FieldKind where Value == Settings.Source.Mapping {
    private static let example = "{ time: { path: created, unit: s }, name: event_name }"

    /// Where events have what they are known by.
    static var mapping: FieldKind {
        FieldKind(
            read: { (node, substitution) throws(Complaint) in
                guard case .mapping(let mapping) = node else {
                    throw Complaint(
                        "expected a mapping such as \(example), found \(node.kindOfValue)"
                    )
                }
                return try MappingReader.read(mapping, substitution)
            },
            print: MappingText.text
        )
    }
}

/// Reads the mapping of a source.
private struct MappingReader {
    private static let names = ["preset", "time", "name", "id", "channel", "idAlone", "split"]
    private static let termNames = ["path", "unit", "as", "const", "join"]
    /// The most terms of a source, and bytes of a text.
    private static let termsMax = 128
    private static let textBytesMax = 256
    private static let depthMax = 32

    let substitution: EnvironmentSubstitution
    var mapping = Settings.Source.Mapping()

    static func read(
        _ node: Node.Mapping,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) -> Settings.Source.Mapping {
        var reader = MappingReader(substitution: substitution)
        for (key, value) in node {
            let line = key.mark?.line
            do throws(Complaint) {
                try reader.read(key.scalar?.string ?? "", value)
            } catch {
                throw Complaint(error.reasons.map { .init(line: $0.line ?? line, text: $0.text) })
            }
        }
        guard reader.mapping.own.terms.count <= termsMax else {
            throw Complaint("more than \(termsMax) places; the first that has a value counts")
        }
        return reader.mapping
    }

    private mutating func read(_ name: String, _ value: Node) throws(Complaint) {
        switch name {
        case "preset":
            mapping.preset = try FieldKind<FieldPreset>.choice.read(value, substitution)
        case "time":
            mapping.own.time = try part(value, of: name)
            if mapping.own.time.contains(where: { $0.path == nil || !$0.text.isEmpty }) {
                throw Complaint("'time' is a value of the event: a path, without 'const' and 'as'")
            }
        case "name": mapping.own.name = try choices(value, of: name)
        case "id":
            mapping.own.id = try choices(value, of: name)
            for choice in mapping.own.id where choice[0].contains(where: { $0.path == nil }) {
                throw Complaint("'id' begins with a value of the event, not with 'const'")
            }
        case "channel": mapping.own.channel = try choices(value, of: name)
        case "idAlone":
            let isOn = try FieldKind<Settings.Switch>.choice.read(value, substitution)
            mapping.own.isIDEnough = isOn == .on
        case "split": mapping.own.split = try split(value)
        default: throw WebhookReader.unknown(name, "'fields'", among: Self.names)
        }
    }

    /// `event_name`, `[event_name, type]`, or `{ join: [object, action] }`.
    private func choices(
        _ node: Node,
        of name: String
    ) throws(Complaint) -> [FieldRules.Choice] {
        guard case .sequence(let elements) = node else { return [try choice(node, of: name)] }
        guard !elements.isEmpty else { throw Complaint("'\(name)' is an empty list") }
        var choices: [FieldRules.Choice] = []
        for element in elements { choices.append(try choice(element, of: name)) }
        return choices
    }

    private func choice(_ node: Node, of name: String) throws(Complaint) -> FieldRules.Choice {
        guard let join = node.mapping?["join"] else { return [[try term(node, of: name)]] }
        guard node.mapping?.count == 1, case .sequence(let elements) = join, elements.count >= 2
        else {
            throw Complaint(
                "'\(name)': expected 'join' alone, with at least two parts such as"
                    + " { join: [source, id] }"
            )
        }
        var parts: FieldRules.Choice = []
        for element in elements { parts.append(try part(element, of: name)) }
        return parts
    }

    private func part(_ node: Node, of name: String) throws(Complaint) -> FieldRules.Part {
        guard case .sequence(let elements) = node else { return [try term(node, of: name)] }
        guard !elements.isEmpty else { throw Complaint("'\(name)' has an empty list") }
        var part: FieldRules.Part = []
        for element in elements { part.append(try term(element, of: name)) }
        return part
    }

    private func term(_ node: Node, of name: String) throws(Complaint) -> FieldRules.Term {
        guard case .mapping(let mapping) = node else {
            return FieldRules.Term(path: try path(node, of: name))
        }
        var term = FieldRules.Term(path: nil)
        for (key, value) in mapping {
            switch key.scalar?.string ?? "" {
            case "path": term.path = try path(value, of: name)
            case "unit" where name == "time":
                term.unit = try FieldKind<FieldRules.Unit>.choice.read(value, substitution)
            case "unit": throw Complaint("'\(name)' has no 'unit'; only 'time' has one")
            case "as": term.text = try text(value)
            case "const":
                guard mapping.count == 1 else {
                    throw Complaint("'\(name)': 'const' stands alone, as { const: email }")
                }
                term.text = try text(value)
            case let other: throw WebhookReader.unknown(other, "'\(name)'", among: Self.termNames)
            }
        }
        guard term.path != nil || mapping["const"] != nil else {
            throw Complaint("'\(name)': expected a path, { path: created }, or { const: email }")
        }
        return term
    }

    private func path(_ node: Node, of name: String) throws(Complaint) -> EventPath {
        let text = try FieldKind<String>.text(expected: "a path such as data.created") { _ in }
            .read(node, substitution)
        do throws(SchemaError) {
            let path = try EventPath(text)
            guard path.steps.count <= Self.depthMax, text.utf8.count <= Self.textBytesMax else {
                throw SchemaError(line: 1, "path '\(text)': longer than 256 bytes or 32 steps")
            }
            return path
        } catch {
            throw Complaint(
                "'\(name)': \(error.message); a path is names with points between, such as data.created"
            )
        }
    }

    /// `events`, or `{ path: events, keep: [client_id] }`.
    private func split(_ node: Node) throws(Complaint) -> EnvelopeSplit.Rule {
        guard case .mapping(let mapping) = node else {
            return EnvelopeSplit.Rule(list: try member(node))
        }
        var (list, kept) = ("", [String]?.none)
        for (key, value) in mapping {
            switch key.scalar?.string ?? "" {
            case "path": list = try member(value)
            case "keep":
                guard case .sequence(let elements) = value else {
                    throw Complaint("'split': expected 'keep' as a list such as [client_id]")
                }
                kept = []
                for element in elements { kept?.append(try member(element)) }
            case let other:
                throw WebhookReader.unknown(other, "'split'", among: ["path", "keep"])
            }
        }
        guard !list.isEmpty else {
            throw Complaint("'split': expected events, or { path: events, keep: [client_id] }")
        }
        return EnvelopeSplit.Rule(list: list, kept: kept)
    }

    /// A member of an object, without a path.
    private func member(_ node: Node) throws(Complaint) -> String {
        let name = try text(node)
        guard !name.contains(where: { ".[\\\"".contains($0) }) else {
            throw Complaint(
                "'split': '\(name)' is no name of a member of the object around the events"
            )
        }
        return name
    }

    private func text(_ node: Node) throws(Complaint) -> String {
        try FieldKind<String>.text(expected: "a text such as email") { (text) throws(Complaint) in
            guard (1...Self.textBytesMax).contains(text.utf8.count),
                !text.unicodeScalars.contains(where: isControl)
            else {
                throw Complaint("expected a text of 1 to 256 bytes without control characters")
            }
        }.read(node, substitution)
    }
}

/// Prints a mapping as a configuration has it.
private enum MappingText {
    static func text(_ mapping: Settings.Source.Mapping) -> String {
        var parts: [String] = []
        let own = mapping.own
        if let preset = mapping.preset { parts.append("preset: \(preset.rawValue)") }
        if !own.time.isEmpty { parts.append("time: \(text(own.time))") }
        for (name, choices) in [("name", own.name), ("id", own.id), ("channel", own.channel)]
        where !choices.isEmpty {
            let texts = choices.map(text).joined(separator: ", ")
            parts.append("\(name): \(choices.count == 1 ? texts : "[\(texts)]")")
        }
        if let isIDEnough = own.isIDEnough { parts.append("idAlone: \(isIDEnough ? "on" : "off")") }
        if let split = own.split {
            let keep = split.kept.map { ", keep: [\($0.map(quoted).joined(separator: ", "))]" }
            parts.append("split: { path: \(quoted(split.list))\(keep ?? "") }")
        }
        return parts.isEmpty ? "{}" : "{ \(parts.joined(separator: ", ")) }"
    }

    private static func text(_ choice: FieldRules.Choice) -> String {
        if choice.count == 1 { return text(choice[0]) }
        return "{ join: [\(choice.map(text).joined(separator: ", "))] }"
    }

    private static func text(_ part: FieldRules.Part) -> String {
        let texts = part.map(text).joined(separator: ", ")
        return part.count == 1 ? texts : "[\(texts)]"
    }

    private static func text(_ term: FieldRules.Term) -> String {
        guard let path = term.path else { return "{ const: \(quoted(term.text)) }" }
        var parts = ["path: \(quoted(path.description))"]
        if let unit = term.unit { parts.append("unit: \(unit.rawValue)") }
        if !term.text.isEmpty { parts.append("as: \(quoted(term.text))") }
        return parts.count == 1 ? quoted(path.description) : "{ \(parts.joined(separator: ", ")) }"
    }
}
