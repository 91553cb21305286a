import Plan
import Terminal

/// Checks `partition.path`: folders below `events/`, with placeholders and paths into events.
enum PartitionPathRule {
    /// The names that mean something of the collector's; what else is in braces is a path.
    static let placeholders = ["channel", "event", "source", "node", "date", "hour"]

    /// Complains unless `path` is relative, stays below its folder, is seen by Hive readers, and
    /// what is in braces has a meaning.
    static func check(_ path: String) throws(Complaint) {
        guard !path.hasPrefix("/") else {
            throw Complaint("'\(path)' is absolute, expected a path below events/")
        }
        guard path.utf8.count <= 512 else {
            throw Complaint("has \(path.utf8.count) bytes, more than 512")
        }
        for element in path.split(separator: "/", omittingEmptySubsequences: false) {
            guard !element.isEmpty else {
                throw Complaint("'\(path)' has an empty element")
            }
            guard element != "..", element != "." else {
                throw Complaint("'\(path)' has the element '\(element)'")
            }
            guard !element.hasPrefix("."), !element.hasPrefix("_") else {
                throw Complaint(
                    "'\(element)' starts with '\(element.prefix(1))', such folders are invisible"
                        + " to Hive, Spark and DuckDB"
                )
            }
            try checkElement(element)
        }
    }

    private static func checkElement(_ element: Substring) throws(Complaint) {
        var rest = element
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            try checkLiteral(rest[..<brace])
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}") else {
                throw Complaint("unmatched '\(rest[brace])' in '\(element)'")
            }
            let name = String(rest[brace..<end].dropFirst())
            if !placeholders.contains(name) { try checkPlace(name) }
            rest = rest[end...].dropFirst()
        }
        try checkLiteral(rest)
    }

    /// Checks what is no placeholder: a path into events.
    private static func checkPlace(_ text: String) throws(Complaint) {
        let known = placeholders.map { "{\($0)}" }.joined(separator: " ")
        do throws(SchemaError) {
            _ = try EventPath(text)
        } catch {
            throw Complaint(
                "'{\(text)}' is no path such as {properties.country}, and none of \(known)"
            )
        }
        guard !text.contains("\\"), let near = NearestName.of(text, among: placeholders) else {
            return
        }
        throw Complaint(
            "unknown placeholder '{\(text)}', expected one of \(known), did you mean '{\(near)}'?"
                + " A member of events that is named so is '{\\\(text)}'"
        )
    }

    private static func checkLiteral(_ text: Substring) throws(Complaint) {
        let other = text.unicodeScalars.first { !Settings.isNameScalar($0) && $0 != "=" }
        guard let other else { return }
        throw Complaint(
            "'\(other)' may not stand in a path; letters, digits, '.', '_', '-', '=' may"
        )
    }
}
