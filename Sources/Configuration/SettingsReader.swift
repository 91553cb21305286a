import Yams

/// Reads settings from YAML, and reports all problems at once.
///
/// For the start of the daemon, `--check`, and `reload`; any thread may call, it has no state.
package enum SettingsReader {
    /// Reads `yaml`.
    ///
    /// `file` is only for messages; `environment` serves `${NAME}` and `${NAME:-default}`. Text
    /// without any key returns the defaults of a configuration file.
    package static func read(
        yaml: String,
        file: String,
        environment: [String: String]
    ) throws(ConfigurationError) -> Settings {
        var reading = SettingsReading(
            file: file,
            substitution: EnvironmentSubstitution(environment: environment)
        )
        if let root = try compose(yaml, file: file), !root.isNothing {
            reading.readTop(root)
        }
        reading.checkTogether()
        return try reading.result()
    }

    /// Returns the document's root, nil if there is none.
    private static func compose(
        _ yaml: String,
        file: String
    ) throws(ConfigurationError) -> Node? {
        if let line = YAMLAnchors.firstLine(in: yaml) {
            throw ConfigurationError(
                file: file,
                line: line,
                message:
                    "anchors (&name) and aliases (*name) are not read: write the value in each place"
            )
        }
        do {
            return try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw ConfigurationError(error, yaml: yaml, file: file)
        } catch {
            throw ConfigurationError(file: file, message: "not valid YAML: \(error)")
        }
    }
}

extension ConfigurationError {
    /// Formats libyaml's error in one line, with its position.
    fileprivate init(_ error: YamlError, yaml: String, file: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let text = context.map { "\($0.text): \(problem)" } ?? problem
            self.init(
                file: file,
                line: mark.line,
                column: mark.column,
                message: "not valid YAML: \(text)"
            )
        case .reader(let problem, let offset, _, _):
            let before = yaml.prefix(offset ?? 0).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            self.init(
                file: file,
                line: max(1, before.count),
                column: (before.last?.count ?? 0) + 1,
                message: "not valid YAML: \(problem)"
            )
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0)'" }.joined(separator: ", ")
            self.init(
                file: file,
                line: context.mark.line,
                message: "key \(names) stands more than once in the same mapping"
            )
        default:
            self.init(file: file, message: "not valid YAML: \(error)")
        }
    }
}
