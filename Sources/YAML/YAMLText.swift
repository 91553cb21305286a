package import Yams

/// Reads YAML text as a tree of nodes with the lines where they begin.
package enum YAMLText {
    /// Returns the document's root, nil if there is none.
    package static func compose(_ yaml: String) throws(YAMLFailure) -> Node? {
        if let line = YAMLAnchors.firstLine(in: yaml) {
            throw YAMLFailure(
                line: line,
                column: nil,
                message:
                    "anchors (&name) and aliases (*name) are not read: write the value in each place"
            )
        }
        do {
            return try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw YAMLFailure(error, yaml: yaml)
        } catch {
            throw YAMLFailure(line: nil, column: nil, message: "not valid YAML: \(error)")
        }
    }
}

/// Why a text is not read as YAML.
package struct YAMLFailure: Error {
    /// Counted from 1.
    package let line: Int?
    package let column: Int?
    /// One line for the user.
    package let message: String

    fileprivate init(line: Int?, column: Int?, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    fileprivate init(_ error: YamlError, yaml: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let text = context.map { "\($0.text): \(problem)" } ?? problem
            self.init(line: mark.line, column: mark.column, message: "not valid YAML: \(text)")
        case .reader(let problem, let offset, _, _):
            let before = yaml.prefix(offset ?? 0).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            self.init(
                line: max(1, before.count),
                column: (before.last?.count ?? 0) + 1,
                message: "not valid YAML: \(problem)"
            )
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0)'" }.joined(separator: ", ")
            self.init(
                line: context.mark.line,
                column: nil,
                message: "key \(names) stands more than once in the same mapping"
            )
        default:
            self.init(line: nil, column: nil, message: "not valid YAML: \(error)")
        }
    }
}
