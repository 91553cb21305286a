import Events

/// A plan as a page that people read: the events with their owners, and what each property means.
package struct PlanPage {
    /// The language of the page.
    package enum Form: String, Sendable, CaseIterable {
        case markdown, html
    }

    private var lines: [String] = []
    private let form: Form

    package init(_ plan: PlanDefinition, as form: Form) {
        self.form = form
        heading(1, "\(plan.name), version \(plan.version)")
        if !plan.owners.isEmpty {
            table(["owner", "address"], plan.owners.map { [$0.name, $0.address] })
        }
        table(
            ["event", "what it is", "owner", "status"],
            plan.events.map { [$0.name, $0.description, $0.owner, $0.status] }
        )
        for event in plan.events { show(event) }
        if !plan.common.isEmpty {
            heading(2, "All events")
            properties(plan.common)
        }
        guard !plan.terms.isEmpty else { return }
        heading(2, "Glossary")
        table(
            ["term", "what it is", "rule", "not"],
            plan.terms.map {
                [
                    $0.name, $0.rule.description ?? "", Self.rule($0.rule),
                    $0.not.joined(separator: ", "),
                ]
            }
        )
    }

    /// The page.
    package var text: String {
        let body = lines.joined(separator: "\n") + "\n"
        guard form == .html else { return body }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>Tracking plan</title>
            <style>
            body { font-family: sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em }
            table { border-collapse: collapse } th, td { border: 1px solid #999; padding: .3em .6em; text-align: left }
            </style></head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private mutating func show(_ event: PlanDefinition.Event) {
        heading(2, event.name)
        if !event.description.isEmpty { paragraph(event.description) }
        var facts: [String] = []
        if !event.owner.isEmpty { facts.append("Owner: \(event.owner)") }
        facts.append("Status: \(event.status)")
        if !event.kpis.isEmpty { facts.append("Used by: \(event.kpis.joined(separator: ", "))") }
        paragraph(facts.joined(separator: ". ") + ".")
        if !event.properties.isEmpty { properties(event.properties) }
        if event.schema != nil { paragraph("A JSON Schema of the plan says more.") }
    }

    private mutating func properties(_ properties: [PlannedProperty]) {
        table(
            ["property", "what it is", "required", "rule", "privacy"],
            properties.map { property in
                [
                    property.path.description, property.rule.description ?? "",
                    property.rule.isRequired ? "yes" : "", Self.rule(property.rule),
                    property.rule.privacy ?? "",
                ]
            }
        )
    }

    /// What a value must be, in a few words.
    static func rule(_ rule: PropertyRule) -> String {
        var parts: [String] = []
        if rule.types == 127 {
            parts.append("anything")
        } else {
            let names = SchemaCompiler.typeNames.filter { rule.types & $0.bit != 0 }.map(\.name)
            parts.append(names.joined(separator: " or "))
        }
        if !rule.values.isEmpty {
            parts.append(
                "one of " + rule.values.map { $0.string ?? $0.json }.joined(separator: ", ")
            )
        }
        for bound in rule.bounds {
            parts.append("\(bound.kind == .minimum ? "from" : "up to") \(bound.number)")
        }
        for (what, limits) in [("characters", rule.length), ("elements", rule.items)] {
            if limits.least > 0 { parts.append("at least \(limits.least) \(what)") }
            if limits.most < .max { parts.append("at most \(limits.most) \(what)") }
        }
        if let format = rule.format { parts.append("a \(format)") }
        if let pattern = rule.pattern { parts.append("matches \(pattern.text)") }
        if let unit = rule.unit { parts.append("in \(unit)") }
        return parts.joined(separator: ", ")
    }

    private mutating func heading(_ level: Int, _ text: String) {
        switch form {
        case .markdown: lines += [String(repeating: "#", count: level) + " " + shown(text), ""]
        case .html: lines.append("<h\(level)>\(shown(text))</h\(level)>")
        }
    }

    private mutating func paragraph(_ text: String) {
        switch form {
        case .markdown: lines += [shown(text), ""]
        case .html: lines.append("<p>\(shown(text))</p>")
        }
    }

    private mutating func table(_ head: [String], _ rows: [[String]]) {
        switch form {
        case .markdown:
            func row(_ cells: [String]) -> String {
                "| " + cells.map(shown).joined(separator: " | ") + " |"
            }
            lines.append(row(head))
            lines.append("|" + String(repeating: "---|", count: head.count))
            lines += rows.map(row) + [""]
        case .html:
            func row(_ cells: [String], _ tag: String) -> String {
                "<tr>" + cells.map { "<\(tag)>\(shown($0))</\(tag)>" }.joined() + "</tr>"
            }
            lines.append("<table>")
            lines.append(row(head, "th"))
            lines += rows.map { row($0, "td") } + ["</table>"]
        }
    }

    /// A text of the plan that means nothing to the language of the page.
    private func shown(_ text: String) -> String {
        let special: Set<Unicode.Scalar> =
            form == .html ? [] : ["\\", "|", "*", "_", "`", "<", ">", "[", "]", "#"]
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: out += " "
            case "&" where form == .html: out += "&amp;"
            case "<" where form == .html: out += "&lt;"
            case ">" where form == .html: out += "&gt;"
            case _ where special.contains(scalar): out += "\\\(scalar)"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
