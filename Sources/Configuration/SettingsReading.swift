import Terminal
import Yams

/// One pass over a document: the settings so far, the problems so far, and the line of each key.
struct SettingsReading {
    /// Problems up to which a mistyped key is told the nearest one.
    private static let hintsMax = 100

    let file: String
    let substitution: EnvironmentSubstitution
    private(set) var settings = Settings()
    private(set) var problems: [ConfigurationError.Problem] = []
    /// Lines of the keys that the file sets, by dotted key.
    private var lines: [String: Int] = [:]

    init(file: String, substitution: EnvironmentSubstitution) {
        self.file = file
        self.substitution = substitution
    }

    /// Returns the settings, or throws all problems, by line.
    func result() throws(ConfigurationError) -> Settings {
        guard problems.isEmpty else {
            let ordered = problems.enumerated().sorted { left, right in
                (left.element.line ?? 0, left.offset) < (right.element.line ?? 0, right.offset)
            }
            throw ConfigurationError(ordered.map(\.element))
        }
        return settings
    }

    /// Reports a problem on the line of `key`, of the first of several keys that the file sets.
    mutating func refuse(_ keys: String..., because message: String) {
        let line = keys.first { lines[$0] != nil }.flatMap { lines[$0] }
        note(message, line: line)
    }

    /// Whether the file itself sets `key`, without a problem so far.
    func wasSet(_ key: String) -> Bool {
        lines[key] != nil
    }

    mutating func readTop(_ root: Node) {
        let fields = Settings.fields
        // A section within a section is read with it.
        let sections = Set(
            fields.compactMap { $0.section?.split(separator: ".").first.map(String.init) }
        )
        let top = fields.filter { $0.section == nil }.map(\.name)
        // Known names in a fixed order, so that of equally near ones the same is always chosen.
        let known = top + ["sources"] + sections.sorted()
        for (name, key, value) in entries(of: root, context: "touchpointd", known: known) {
            if name == "sources" {
                readSources(value, line: key.mark?.line)
            } else if sections.contains(name) {
                readSection(name, from: value, fields: fields)
            } else if let field = fields.first(where: { $0.key == name }) {
                settings = reading(field, value, line: key.mark?.line, into: settings)
            }
        }
    }

    private mutating func readSection(_ name: String, from node: Node, fields: [Field<Settings>]) {
        // A section whose keys are all commented out has the defaults.
        guard !node.isNothing else { return }
        let own = fields.filter { $0.section == name }
        let inner = Set(
            fields.compactMap(\.section).filter { $0.hasPrefix("\(name).") }
                .map { String($0.dropFirst(name.count + 1)) }
        )
        let known = own.map(\.name) + inner.sorted()
        for (key, keyNode, value) in entries(of: node, context: "touchpointd.\(name)", known: known)
        {
            if inner.contains(key) {
                readSection("\(name).\(key)", from: value, fields: fields)
            } else if let field = own.first(where: { $0.name == key }) {
                settings = reading(field, value, line: keyNode.mark?.line, into: settings)
            }
        }
    }

    private mutating func readSources(_ node: Node, line: Int?) {
        lines["sources"] = line
        guard case .sequence(let elements) = node, !elements.isEmpty else {
            let found = node.sequence == nil ? node.kindOfValue : "an empty list"
            return note(
                "sources: expected a list of at least one source such as"
                    + " - { name: producers, pattern: pull, bind: [\"tcp://127.0.0.1:5571\"] },"
                    + " found \(found)",
                line: node.mark?.line ?? line
            )
        }
        // The first one too many says it; reading thousands takes seconds.
        guard elements.count <= Settings.sourcesMax else {
            return note(
                "sources: a collector has at most \(Settings.sourcesMax) sources, found"
                    + " \(elements.count)",
                line: elements[Settings.sourcesMax].mark?.line ?? line
            )
        }
        settings.sources = []
        for (index, element) in elements.enumerated() {
            readSource(element, context: "sources[\(index)]")
        }
    }

    private mutating func readSource(_ node: Node, context: String) {
        var source = Settings.Source()
        lines[context] = node.mapping?.mark?.line
        let fields = Settings.Source.fields
        let found = sourceEntries(of: node, context, fields)
        for (name, key, value) in found {
            if let field = fields.first(where: { $0.key == name }) {
                source = reading(
                    field,
                    value,
                    line: key.mark?.line,
                    context: context,
                    into: source
                )
            }
        }
        for required in ["name", "pattern"] where !found.contains(where: { $0.0 == required }) {
            guard node.mapping != nil else { break }
            note("\(context): '\(required)' is missing", line: node.mark?.line)
        }
        source.settle()
        settings.sources.append(source)
    }

    /// Returns the known keys of a source with their values, those of its sections dotted.
    private mutating func sourceEntries(
        of node: Node,
        _ context: String,
        _ fields: [Field<Settings.Source>]
    ) -> [(String, Node, Node)] {
        let sections = Set(fields.compactMap(\.section))
        let top = fields.filter { $0.section == nil }.map(\.name) + sections.sorted()
        var found: [(String, Node, Node)] = []
        for entry in entries(of: node, context: "touchpointd.\(context)", known: top) {
            guard sections.contains(entry.0) else {
                found.append(entry)
                continue
            }
            lines["\(context).\(entry.0)"] = entry.1.mark?.line
            guard !entry.2.isNothing else { continue }
            let known = fields.filter { $0.section == entry.0 }.map(\.name)
            let inner = entries(
                of: entry.2,
                context: "touchpointd.\(context).\(entry.0)",
                known: known
            )
            found += inner.map { ("\(entry.0).\($0.0)", $0.1, $0.2) }
        }
        return found
    }

    /// Returns `root` with the field's value, or unchanged after reporting a problem with it.
    private mutating func reading<Root>(
        _ field: Field<Root>,
        _ node: Node,
        line: Int?,
        context: String? = nil,
        into root: Root
    ) -> Root {
        var root = root
        let key = context.map { "\($0).\(field.key)" } ?? field.key
        do throws(Complaint) {
            try field.read(node, substitution, &root)
            lines[key] = line
        } catch {
            for reason in error.reasons {
                note("\(key): \(reason.text)", line: reason.line ?? line)
            }
        }
        return root
    }

    /// Returns the known keys of a mapping with their values; reports all others as problems.
    private mutating func entries(
        of node: Node,
        context: String,
        known: [String]
    ) -> [(String, Node, Node)] {
        guard case .mapping(let mapping) = node else {
            note(
                "'\(context)': expected a mapping of keys, found \(node.kindOfValue)",
                line: node.mark?.line
            )
            return []
        }
        var entries: [(String, Node, Node)] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key, known.contains(scalar.string) else {
                let name = key.scalar.map { "'\($0.string)'" } ?? key.kindOfValue
                // Looking for the nearest name takes longer than all else.
                let scalar = problems.count < Self.hintsMax ? key.scalar : nil
                let hint = scalar.flatMap { NearestName.of($0.string, among: known) }
                note(
                    "unknown key \(name) in '\(context)'"
                        + (hint.map { ", did you mean '\($0)'?" } ?? ""),
                    line: key.mark?.line
                )
                continue
            }
            entries.append((scalar.string, key, value))
        }
        return entries
    }

    private mutating func note(_ message: String, line: Int?) {
        problems.append(.init(file: file, line: line ?? 1, column: nil, message: message))
    }
}
