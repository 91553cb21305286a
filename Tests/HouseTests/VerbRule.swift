/// A verb of the control socket is written down in three files: its row in `VerbTable`, its work in the
/// daemon, and its command in `touchpointctl`.
enum VerbRule {
    static let table = "Sources/Control/VerbTable.swift"
    /// Files outside `Control`.
    static let usersMax = 2

    static func findings(in files: [SourceFile]) -> [Finding] {
        guard let table = files.first(where: { $0.path == table }) else { return [] }
        let others = files.filter {
            $0.isSwift && $0.target != nil && $0.target != table.target
        }
        return rows(of: table).flatMap { row in
            let users = others.filter { words(of: $0.code).contains("VerbTable.\(row.name)") }
            var findings: [Finding] = []
            if !words(of: table.code).contains("\(row.name).verb") {
                let message = "'\(row.name)' is not in the list of verbs"
                findings.append(Finding(path: table.path, line: row.line, message: message))
            }
            if users.count > usersMax {
                let message = "'\(row.name)' is in \(users.map(\.path)), at most \(usersMax)"
                findings.append(Finding(path: table.path, line: row.line, message: message))
            }
            return findings
        }
    }

    private static func rows(of table: SourceFile) -> [(name: String, line: Int)] {
        table.codeLines.enumerated().compactMap { index, line in
            guard line.contains("= TypedVerb<") else { return nil }
            let words = line.split(separator: " ")
            guard let name = words.firstIndex(of: "let"), name + 1 < words.count else { return nil }
            return (String(words[name + 1]), index + 1)
        }
    }

    private static func words(of code: String) -> Set<Substring> {
        Set(code.split { !($0.isLetter || $0.isNumber || "_.".contains($0)) })
    }
}
