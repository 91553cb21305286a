import Events

/// Tells which formats strings have, with the check that a plan has for them.
struct TextFormats: ~Copyable {
    /// The formats that say something; nearly every word is a `hostname`.
    private static let names = [
        "date-time", "date", "time", "uuid", "uri", "email", "ipv4", "ipv6",
    ]

    private var check = SchemaCheck()
    private let schemas: [(name: String, schema: Schema)]

    init() {
        schemas = Self.names.compactMap { name in
            let format = SchemaValue.Member(
                name: "format",
                line: 1,
                value: SchemaValue(.string(name), line: 1)
            )
            let document = SchemaValue(.object([format]), line: 1)
            return (try? Schema(document, checksFormats: true)).map { (name, $0) }
        }
    }

    /// Keeps the formats that this string, with its quotes, has as well; counts addresses.
    mutating func keep(_ facts: inout TextFacts, for string: UnsafeRawBufferPointer) {
        let candidates = facts.formats ?? Set(Self.names)
        var kept: Set<String> = []
        for (name, schema) in schemas
        where candidates.contains(name) && has(string, as: name, schema) {
            kept.insert(name)
        }
        facts.formats = kept
        if kept.contains("email") || isAddress(string) { facts.addresses += 1 }
        if kept.contains("ipv4") || kept.contains("ipv6") { facts.ips += 1 }
    }

    private mutating func has(
        _ string: UnsafeRawBufferPointer,
        as name: String,
        _ schema: Schema
    ) -> Bool {
        // `a:b` is a URI; only those of the web are worth a rule.
        if name == "uri", !string.dropFirst().starts(with: "http".utf8) { return false }
        return check.check(string, schema) == .valid
    }

    private mutating func isAddress(_ string: UnsafeRawBufferPointer) -> Bool {
        guard string.count <= 256, string.contains(UInt8(ascii: "@")) else { return false }
        return schemas.first { $0.name == "email" }.map { check.check(string, $0.schema) == .valid }
            ?? false
    }
}
