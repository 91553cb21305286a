import Glibc
package import Plan

/// Writes a plan as the files of its folder.
package struct PlanText {
    package struct File: Sendable {
        /// Below the folder: `events/order-completed.yaml`.
        package let name: String
        package let text: String
    }

    /// `plan.yaml`, `glossary.yaml` and the events.
    package private(set) var files: [File] = []

    init(files: [File]) {
        self.files = files
    }

    /// Writes what was learned from events; `name` is the plan's.
    package init(_ inferred: InferredPlan, name: String) {
        var plan = """
            # Learned from events: read each rule, name the owners, say what the events mean.
            plan: \(YAMLScalar.text(name))
            version: 1

            """
        plan += Self.verdicts(inferred.verdicts)
        plan += Self.properties(inferred.common, inferred.commonNotes, under: "common")
        files.append(File(name: "plan.yaml", text: plan))
        var glossary = "# Properties that at least three events have with the same rule.\n"
        for term in inferred.terms {
            glossary += "\(YAMLScalar.text(term.name)): \(Self.rule(term.rule))\n"
        }
        files.append(File(name: "glossary.yaml", text: glossary))
        var used: Set<String> = []
        for event in inferred.events {
            var text = "# Seen \(event.count) times.\n"
            text += "event: \(YAMLScalar.text(event.definition.name))\n"
            text += Self.properties(event.definition.properties, event.notes, under: "properties")
            let file = Self.fileName(of: event.definition.name, used: &used)
            files.append(File(name: "events/\(file).yaml", text: text))
        }
    }

    private static func verdicts(_ verdicts: PlanVerdicts) -> String {
        let kinds = [
            ("unplannedEvent", verdicts.unplannedEvent, "names"),
            ("unplannedProperty", verdicts.unplannedProperty, "properties"),
        ].filter { $0.1 == .allow }
        guard !kinds.isEmpty else { return "" }
        return kinds.reduce("verdicts:\n") { text, kind in
            text + "  \(kind.0): allow  # new \(kind.2) are to be expected; later: annotate\n"
        }
    }

    private static func properties(
        _ properties: [PlannedProperty],
        _ notes: [EventPath: String],
        under key: String
    ) -> String {
        guard !properties.isEmpty else { return "" }
        return properties.reduce("\(key):\n") { text, property in
            let note = notes[property.path].map { "  # \($0)" } ?? ""
            let path = YAMLScalar.text(property.path.description)
            return text + "  \(path): \(rule(property.rule))\(note)\n"
        }
    }

    private static func rule(_ rule: PropertyRule) -> String {
        var parts: [String] = []
        if let term = rule.term {
            parts.append("use: \(YAMLScalar.text(term))")
        } else {
            parts.append("type: \(YAMLScalar.types(rule.types))")
            if let format = rule.format { parts.append("format: \(format)") }
            if !rule.values.isEmpty {
                let values = rule.values.map { $0.string.map(YAMLScalar.quoted) ?? $0.json }
                parts.append("values: [\(values.joined(separator: ", "))]")
            }
        }
        if rule.isRequired { parts.append("required: true") }
        return "{ \(parts.joined(separator: ", ")) }"
    }

    /// The event's name in small letters and hyphens; with a number if another event has that.
    static func fileName(of event: String, used: inout Set<String>) -> String {
        var name = ""
        for scalar in event.lowercased().unicodeScalars.prefix(80) {
            let isPlain = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            if isPlain { name.unicodeScalars.append(scalar) }
            if !isPlain, !name.isEmpty, name.last != "-" { name += "-" }
        }
        while name.last == "-" { name.removeLast() }
        if name.isEmpty { name = "event" }
        var unique = name
        var number = 2
        while !used.insert(unique).inserted {
            unique = "\(name)-\(number)"
            number += 1
        }
        return unique
    }

    /// Reads the files as ``PlanFolder`` would.
    package var result: PlanFolder.Result {
        PlanFolder.read(files.map { (name: $0.name, bytes: Array($0.text.utf8)) })
    }

    /// Writes the files into a folder that does not exist or is empty; returns what failed.
    package func write(to folder: String) -> String? {
        if mkdir(folder, 0o777) != 0, errno != EEXIST { return Self.failure("make", folder) }
        guard Self.isEmpty(folder) else {
            return "\(folder) is not an empty folder: name one that does not exist"
        }
        guard mkdir("\(folder)/events", 0o777) == 0 else {
            return Self.failure("make", "\(folder)/events")
        }
        for file in files {
            let path = "\(folder)/\(file.name)"
            guard let stream = fopen(path, "wxe") else { return Self.failure("create", path) }
            let bytes = Array(file.text.utf8)
            let written = fwrite(bytes, 1, bytes.count, stream)
            guard fclose(stream) == 0, written == bytes.count else {
                return Self.failure("write", path)
            }
        }
        return nil
    }

    private static func failure(_ operation: String, _ path: String) -> String {
        "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
    }

    private static func isEmpty(_ path: String) -> Bool {
        guard let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        return entries == 2
    }
}

/// Texts as scalars of YAML that are read as the same texts.
enum YAMLScalar {
    private static let typeNames: [(bit: UInt8, name: String)] = [
        (16, "string"), (32, "number"), (64, "integer"), (2, "boolean"), (4, "object"),
        (8, "array"), (1, "\"null\""),
    ]

    /// A text as it is if it cannot be taken for anything else.
    static func text(_ text: String) -> String {
        let words: Set<String> = ["true", "false", "null"]
        let isPlain = text.utf8.allSatisfy {
            isLetter($0) || ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: ".")
        }
        if isPlain, text.utf8.first.map(isLetter) == true, !words.contains(text) { return text }
        return quoted(text)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }

    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case " "..."~": out.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                out += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return out + "\""
    }

    static func types(_ types: UInt8) -> String {
        if types == 127 { return "any" }
        let names = typeNames.filter { types & $0.bit != 0 }.map(\.name)
        return names.count == 1 ? names.joined() : "[\(names.joined(separator: ", "))]"
    }
}
