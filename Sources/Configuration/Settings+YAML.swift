extension Settings {
    /// Returns every key with its effective value, as YAML that `SettingsReader` reads back equal:
    /// the output of `--check`.
    package func yaml() -> String {
        var lines: [String] = []
        var section: [Substring] = []
        for field in Settings.fields {
            let inner = field.section?.split(separator: ".") ?? []
            let shared = zip(inner, section).prefix { $0 == $1 }.count
            for depth in shared..<inner.count {
                lines.append(String(repeating: "  ", count: depth) + "\(inner[depth]):")
            }
            section = inner
            let indent = String(repeating: "  ", count: inner.count)
            lines.append(indent + "\(field.name): \(field.print(self))")
            if field.key == "node" {
                lines += sourceLines
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var sourceLines: [String] {
        ["sources:"]
            + sources.flatMap { source in
                var section: String?
                var lines: [String] = []
                for field in Source.fields {
                    if field.section != section, let name = field.section {
                        lines.append("    \(name):")
                    }
                    section = field.section
                    let indent = lines.isEmpty ? "  - " : section == nil ? "    " : "      "
                    lines.append(indent + "\(field.name): \(field.print(source))")
                }
                return lines
            }
    }
}
