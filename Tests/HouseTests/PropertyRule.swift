/// A type that changes shows few of its stored properties: at most ``visibleMax`` are not private.
///
/// A type changes if it is a class, an actor or `~Copyable`, or has a `mutating func`. Others are
/// plain values, such as settings or figures. Extensions count with their type.
enum PropertyRule {
    static let visibleMax = 10

    /// Types above the limit, by target and name.
    ///
    /// The numbers may only fall. `SourceShared` is what a source and all other threads tell each other, one atomic each.
    /// `Lane` and `Receiver` have one property per thing that their extension files share; their
    /// batch loop must stay free of copies and calls.
    static let ratchet = [
        "Intake.SourceShared": 11, "Intake.Lane": 11, "ZeroMQSource.Receiver": 22,
    ]

    static func findings(
        in files: [SourceFile],
        ratchet: [String: Int] = ratchet
    ) -> [Finding] {
        var types: [String: Members] = [:]
        for file in files where file.isSwift {
            guard let target = file.target else { continue }
            PropertyScanner.scan(file) { type, member in
                types["\(target).\(type)", default: Members()].add(member, in: file)
            }
        }
        return types.sorted { $0.key < $1.key }.compactMap { type, members in
            let limit = ratchet[type] ?? visibleMax
            guard members.changes || ratchet[type] != nil else { return nil }
            return members.finding(type, limit: limit, isListed: ratchet[type] != nil)
        }
    }

    private struct Members {
        private(set) var changes = false
        private var visible = 0
        private var path = ""
        private var line = 1

        mutating func add(_ member: PropertyScanner.Member, in file: SourceFile) {
            switch member {
            case .declaration(let changes, let line):
                self.changes = self.changes || changes
                (path, self.line) = (file.path, line)
            case .mutatingFunction:
                changes = true
            case .visibleProperty:
                visible += 1
            }
        }

        func finding(_ type: String, limit: Int, isListed: Bool) -> Finding? {
            let count = "'\(type)' has \(visible) stored properties that are not private"
            if visible > limit {
                let advice = "make some private, or group them as values with their behaviour"
                let message = "\(count), at most \(limit): \(advice)"
                return Finding(path: path, line: line, message: message)
            }
            guard isListed, visible < limit else { return nil }
            let message = "\(count): lower its number in the rule, from \(limit)"
            return Finding(path: path, line: line, message: message)
        }
    }
}

/// Finds the stored properties of types and their extensions, in formatted code.
struct PropertyScanner {
    enum Member: Equatable {
        /// A class, struct or actor; whether it can change by its kind alone.
        case declaration(changes: Bool, line: Int)
        case mutatingFunction
        /// A stored property that is neither private nor static.
        case visibleProperty
    }

    private var depth = 0
    /// The types around the current line, with the depth of their members.
    private var types: [(name: String, depth: Int)] = []
    /// A declared type whose brace has not been seen yet.
    private var pending: String?

    /// Visits all members with the names of their types, such as `Outer.Inner`.
    static func scan(_ file: SourceFile, visit: (_ type: String, Member) -> Void) {
        var scanner = PropertyScanner()
        for (index, line) in file.codeLines.enumerated() {
            scanner.add(line, number: index + 1, visit: visit)
        }
    }

    private mutating func add(
        _ line: Substring,
        number: Int,
        visit: (_ type: String, Member) -> Void
    ) {
        let isMember = types.last.map { $0.depth == depth } ?? (depth == 0)
        if isMember, let type = Self.type(line) {
            let outer = types.map { $0.name + "." }.joined()
            pending = type.name
            if type.kind == "class" || type.kind == "actor" || type.kind == "struct" {
                let changes = type.kind != "struct" || line.contains("~Copyable")
                visit(outer + type.name, .declaration(changes: changes, line: number))
            }
        } else if isMember, !types.isEmpty {
            let type = types.map(\.name).joined(separator: ".")
            if line.contains(/\bmutating func\b/) { visit(type, .mutatingFunction) }
            if Self.isVisibleProperty(line) { visit(type, .visibleProperty) }
        }
        count(line)
    }

    /// Follows the line's braces.
    private mutating func count(_ line: Substring) {
        for character in line {
            if character == "{" {
                depth += 1
                if let name = pending { types.append((name, depth)) }
                pending = nil
            } else if character == "}" {
                if types.last?.depth == depth { types.removeLast() }
                depth -= 1
            }
        }
    }

    private static func type(_ line: Substring) -> (kind: String, name: String)? {
        let start = /^ *(?:@\w+(?:\([^)]*\))? +|(?:package|private|fileprivate|final|indirect) +)*/
        let rest = line.trimmingPrefix(start)
        let kind = /^(class|struct|actor|enum|extension|protocol) +([\w.]+)/
        return rest.firstMatch(of: kind).map { (String($0.1), String($0.2)) }
    }

    private static func isVisibleProperty(_ line: Substring) -> Bool {
        let start = /^ *((?:@\w+(?:\([^)]*\))? +|[a-z]+(?:\([a-z]+\))? +)*?)(var|let) +`?\w+`?(.*)/
        guard let match = line.firstMatch(of: start) else { return false }
        let words = match.1.split(separator: " ")
        if words.contains(where: { ["private", "fileprivate", "static"].contains($0) }) {
            return false
        }
        let brace = match.3.firstIndex(of: "{") ?? match.3.endIndex
        let isComputed = brace < match.3.endIndex && !match.3[..<brace].contains("=")
        return match.2 == "let" || !isComputed
    }
}
