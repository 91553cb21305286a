/// The header fields of one request, in their order, with names in any case.
///
/// Values are bytes: some clients send Latin-1 or UTF-8 without any escape.
package struct HeaderLines: Sendable {
    package struct Line: Sendable {
        /// In lower case.
        let name: String
        let value: [UInt8]
    }

    let lines: [Line]

    package init(_ lines: some Sequence<(name: String, value: [UInt8])>) {
        self.lines = lines.map {
            Line(name: $0.name.lowercased(), value: ASCII.trimmed($0.value))
        }
    }

    package init(_ lines: some Sequence<(name: String, value: String)>) {
        self.init(lines.map { (name: $0.name, value: Array($0.value.utf8)) })
    }

    /// Returns the value of a field, its name in lower case; nil if there is none, or more than one.
    ///
    /// Two fields of one name are ambiguous: a proxy may have checked the other.
    func only(_ name: String) -> [UInt8]? {
        var found: [UInt8]?
        for line in lines where line.name == name {
            guard found == nil else { return nil }
            found = line.value
        }
        return found
    }

    /// Whether there is a field of this name, in lower case.
    func has(_ name: String) -> Bool { lines.contains { $0.name == name } }
}
