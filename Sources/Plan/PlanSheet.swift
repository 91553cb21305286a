/// A plan as a table for spreadsheets (CSV, RFC 4180): a row per property.
package struct PlanSheet {
    package static let columns = [
        "event", "version", "status", "owner", "description", "property", "type", "required",
        "values", "example", "unit", "privacy", "kpis",
    ]

    package let text: String

    package init(_ plan: PlanDefinition) {
        var rows = [Self.columns]
        for event in plan.events {
            let head = [event.name, "\(event.version)", event.status, event.owner]
            let kpis = event.kpis.joined(separator: " ")
            rows.append(
                head + [event.description] + [String](repeating: "", count: 7) + [kpis]
            )
            for property in event.properties { rows.append(head + Self.cells(property) + [kpis]) }
        }
        for property in plan.common {
            rows.append(["", "", "", ""] + Self.cells(property) + [""])
        }
        text = rows.map { $0.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func cells(_ property: PlannedProperty) -> [String] {
        let rule = property.rule
        let names = SchemaCompiler.typeNames.filter { rule.types & $0.bit != 0 }.map(\.name)
        return [
            rule.description ?? "", property.path.description,
            rule.types == 127 ? "any" : names.joined(separator: " "),
            rule.isRequired ? "true" : "false",
            rule.values.map { $0.string ?? $0.json }.joined(separator: "|"), "", rule.unit ?? "",
            rule.privacy ?? "",
        ]
    }

    /// A cell that a spreadsheet takes as text, never as a formula.
    private static func quoted(_ cell: String) -> String {
        var cell = cell
        if let first = cell.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) {
            cell = "'" + cell
        }
        let mustQuote = cell.unicodeScalars.contains { "\",\r\n".unicodeScalars.contains($0) }
        guard mustQuote else { return cell }
        return "\""
            + cell.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}
